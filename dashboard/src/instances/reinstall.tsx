import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { imagesQuery } from '../api/images.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { SelectField } from '../ui/field.tsx';
import { Section } from '../ui/page.tsx';
import { useInstanceActions, useReasonAgainst } from './actions.ts';
import { type Vps, vpsKind } from './kinds.ts';

/** Puts a new system on a server; its addresses stay. */
export function Reinstall({ vps }: { vps: Vps }) {
  const { data: images } = useQuery(imagesQuery);
  const [chosen, setChosen] = useState(vps.image);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const { one } = useInstanceActions(vpsKind);
  const reasonAgainst = useReasonAgainst();
  const reinstall = (id: string) =>
    answerOf(
      api.POST('/vps/{vpsInstance}/reinstall', {
        params: { path: { vpsInstance: id } },
        body: { image: chosen },
      }),
    );
  const offered = images?.filter(({ available }) => available) ?? [];
  return (
    <Section title={text.reinstall} about={text.reinstallAbout}>
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-0 flex-1 basis-60">
          <SelectField
            label={text.image}
            value={chosen}
            onValue={setChosen}
            options={
              images
                ? offered.map(({ image, label }) => ({ value: image, label }))
                : [{ value: vps.image, label: vps.image }]
            }
          />
        </div>
        <Button
          blocked={vps.can_be_started ? reasonAgainst('start', vps) : reasonAgainst('reboot', vps)}
          onClick={() =>
            setConfirmation({
              title: text.reinstallTitle(vps.name),
              about: text.reinstallLoses,
              action: text.reinstall,
              danger: true,
              typed: vps.name,
              run: () => one(reinstall, vps.id),
            })
          }
        >
          {text.reinstall}
        </Button>
      </div>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}
