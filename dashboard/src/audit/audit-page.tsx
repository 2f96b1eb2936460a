import type { components } from '@danube/client/schema';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Download, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { saveAnswer } from '../api/files.ts';
import { Failure } from '../shell/states.tsx';
import { auditText as text } from '../text/audit.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import type { Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellFailure } from '../ui/toast.tsx';
import { type AuditSearch, OUTCOMES } from './search.ts';

type Entry = components['schemas']['AuditEntry'];

const PER_PAGE = 25;
const TONES: Record<string, Tone> = { done: 'good', refused: 'warn', failed: 'bad' };

const columnsOf = (onOpen: (entry: Entry) => void): readonly Column<Entry>[] => [
  {
    id: 'what',
    title: text.what,
    cell: (entry) => (
      <button type="button" className="rounded text-left hover:underline" onClick={() => onOpen(entry)}>
        {text.action(entry.action)}
      </button>
    ),
  },
  {
    id: 'who',
    title: text.who,
    cell: ({ account_email, address }) => (
      <div className="max-w-64 min-w-28">
        <span className="block truncate">{account_email ?? text.danube}</span>
        <span className="block text-sm text-quiet">{address}</span>
      </div>
    ),
  },
  {
    id: 'resource',
    title: text.resource,
    from: 'md',
    cell: ({ resource_type, resource_id }) => (
      <span className="text-quiet">
        {resource_type ? `${resource_type} ${resource_id?.slice(0, 8) ?? ''}` : '–'}
      </span>
    ),
  },
  {
    id: 'outcome',
    title: text.outcome,
    from: 'sm',
    cell: ({ outcome }) => <Badge tone={TONES[outcome] ?? 'idle'}>{text.states[outcome] ?? outcome}</Badge>,
  },
  {
    id: 'created_at',
    title: text.when,
    right: true,
    from: 'sm',
    sort: ({ created_at }) => created_at,
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

interface Props {
  search: AuditSearch;
  onSearch: (change: AuditSearch) => void;
}

/** Who has changed what in the team. What is shown is in the address. */
export const AuditPage = (props: Props) => (
  <AuditLog
    {...props}
    title={text.title}
    about={text.about}
    log="audit"
    read={(query) => answerOf(api.GET('/audit', { params: { query } }))}
    save={() => saveAnswer('/audit/export', 'audit-log.jsonl')}
  />
);

/** The audit log of a team, or of the install. */
export function AuditLog({
  search: { status, sort, page = 1 },
  onSearch,
  title,
  about,
  log,
  read,
  save,
}: Props & {
  title: string;
  about: string;
  /** Under which its answers are kept. */
  log: string;
  read: (query: {
    page: number;
    per_page: number;
    sort?: NonNullable<AuditSearch['sort']>;
    status?: NonNullable<AuditSearch['status']>;
  }) => Promise<components['schemas']['AuditEntryList']>;
  /** Saves the whole log as a file. */
  save: () => Promise<void>;
}) {
  const [open, setOpen] = useState<Entry | null>(null);
  const query = { page, per_page: PER_PAGE, ...(status ? { status } : {}), ...(sort ? { sort } : {}) };
  const { data, error } = useQuery({
    queryKey: [log, query],
    queryFn: () => read(query),
    placeholderData: keepPreviousData,
  });
  const [isSaving, setSaving] = useState(false);
  const saveAll = async () => {
    setSaving(true);
    await save().catch(tellFailure);
    setSaving(false);
  };
  if (error && !data) return <Failure error={error} reset={() => undefined} />;
  return (
    <>
      <PageHeader
        title={title}
        about={about}
        actions={
          <Button icon={<Download />} busy={isSaving} onClick={() => void saveAll()}>
            {text.save}
          </Button>
        }
      />
      <div className="card overflow-hidden">
        <FilterBar
          label={text.outcome}
          value={status}
          onValue={(next) => onSearch({ status: next, page: undefined })}
          all={text.all}
          options={OUTCOMES.map((outcome) => [outcome, text.states[outcome]])}
        />
        <PagedTable
          caption={title}
          columns={columnsOf(setOpen)}
          data={data}
          idOf={({ id }) => String(id)}
          page={page}
          sort={sort}
          perPage={PER_PAGE}
          onSearch={onSearch}
          empty={
            <Empty icon={<ScrollText />} title={text.emptyTitle}>
              {text.emptyAbout}
            </Empty>
          }
        />
      </div>
      <Dialog open={open !== null} onClose={() => setOpen(null)} title={open?.action ?? ''} wide>
        {open && <Code label={open.action} text={JSON.stringify(open, null, 2)} />}
      </Dialog>
    </>
  );
}
