import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Hammer } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { Bar } from '../operations/progress.tsx';
import { operatorText } from '../text/operator.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { IconButton } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { PageHeader } from '../ui/page.tsx';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { imagesQuery } from './queries.ts';

type Image = components['schemas']['OperatorImage'];

const text = operatorText.images;
const TONES: Record<string, Tone> = { ready: 'good', buildable: 'idle', unavailable: 'warn' };

const COLUMNS: readonly Column<Image>[] = [
  {
    id: 'image',
    title: text.image,
    cell: ({ name, reason, step, percent, failures, error, is_building }) => (
      <div className="max-w-xl min-w-40">
        <code className="font-mono text-[0.8667rem]">{name}</code>
        {is_building && <p className="text-sm text-quiet">{step}</p>}
        {is_building && percent !== null && <Bar percent={percent} />}
        {failures > 0 && (
          <p className="text-sm break-words text-bad">
            {text.failures(failures)} {error}
          </p>
        )}
        {reason && <p className="text-sm break-words text-quiet">{reason}</p>}
      </div>
    ),
  },
  {
    id: 'state',
    title: text.state,
    cell: ({ state, is_building, is_ordered }) => {
      if (is_building) return <Badge tone="busy">{text.building}</Badge>;
      if (is_ordered) return <Badge tone="idle">{text.waiting}</Badge>;
      return <Badge tone={TONES[state] ?? 'idle'}>{text.states[state] ?? state}</Badge>;
    },
  },
];

/** All images of the install, and how far their builds are. */
export function ImagesPage() {
  const client = useQueryClient();
  const { data } = useQuery(imagesQuery);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const rebuild = async (name: string) => {
    tellSuccess((await answerOf(api.POST('/operator/images/rebuild', { body: { name } }))).message);
    await client.invalidateQueries({ queryKey: ['operator', 'images'] });
  };
  const actions = actionColumn<Image>(({ name }) => (
    <IconButton
      label={`${text.rebuild}: ${name}`}
      onClick={() =>
        setConfirmation({
          title: text.rebuildTitle(name),
          about: text.rebuildAbout,
          action: text.rebuild,
          run: () => rebuild(name),
        })
      }
    >
      <Hammer />
    </IconButton>
  ));
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        <Table
          caption={text.title}
          columns={[...COLUMNS, actions]}
          rows={data}
          idOf={({ name }) => name}
          expect={8}
        />
      </div>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}
