import { useState } from 'react';
import type { Creation } from '../api/creation.ts';
import { currentTeam } from '../api/team.ts';
import { codeText as text } from '../text/code.ts';
import { Code } from '../ui/copy.tsx';
import { curlOf } from './curl.ts';
import type { Target } from './target.ts';
import { terraformOf } from './terraform.ts';
import { typescriptOf } from './typescript.ts';

const LANGUAGES = [
  { id: 'curl', title: 'curl', write: curlOf },
  { id: 'terraform', title: 'Terraform', write: terraformOf },
  { id: 'typescript', title: 'TypeScript', write: typescriptOf },
] as const satisfies readonly {
  id: keyof typeof text.about;
  title: string;
  write: (creation: Creation, target: Target) => string | null;
}[];

/** What a form's button sends, as code. */
export default function RequestCode({ creation }: { creation: Creation }) {
  const [chosen, setChosen] = useState<(typeof LANGUAGES)[number]['id']>('curl');
  const { id, title, write } = LANGUAGES.find((one) => one.id === chosen)!;
  const code = write(creation, { url: location.origin, team: currentTeam() });
  return (
    <div className="flex min-w-0 flex-col gap-3">
      {/* biome-ignore lint/a11y/useSemanticElements: these are buttons, not fields of the form */}
      <div role="group" aria-label={text.language} className="flex flex-wrap gap-1">
        {LANGUAGES.map((one) => (
          <button
            key={one.id}
            type="button"
            aria-pressed={one.id === chosen}
            className="h-8 rounded-lg px-3 text-sm text-quiet hover:bg-hover hover:text-ink aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-ink"
            onClick={() => setChosen(one.id)}
          >
            {one.title}
          </button>
        ))}
      </div>
      {code === null ? (
        <p className="text-quiet">{text.noTerraform}</p>
      ) : (
        <>
          <Code label={title} text={code} />
          <p className="text-sm text-quiet">{text.about[id]}</p>
        </>
      )}
    </div>
  );
}
