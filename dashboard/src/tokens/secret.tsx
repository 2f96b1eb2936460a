import { tokenText as text } from '../text/tokens.ts';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { Notice } from '../ui/notice.tsx';
import type { Made } from './create-token.tsx';

/** A token that was just made, with what to do with it. */
export function Secret({
  made: { plain_text, curl, cli, terraform, warnings },
  onDone,
}: {
  made: Made;
  onDone: () => void;
}) {
  const lines = [
    [text.token, plain_text],
    [text.curl, curl],
    [text.cli, cli],
    [text.environment, `export TOKEN='${plain_text}' API=${location.origin}/api/v1`],
    [text.terraform, terraform],
  ] as const;
  return (
    <div className="flex flex-col gap-4">
      <p className="text-quiet">{text.secretAbout}</p>
      {warnings.length > 0 && <Notice tone="warn">{warnings.join(' ')}</Notice>}
      {lines.map(([title, line]) => (
        <div key={title} className="min-w-0">
          <h3 className="mb-1.5 text-sm font-medium">{title}</h3>
          <Code label={title} text={line} />
        </div>
      ))}
      <div className="flex justify-end">
        <Button look="primary" onClick={onDone}>
          {text.kept}
        </Button>
      </div>
    </div>
  );
}
