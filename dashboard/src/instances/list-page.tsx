import { useQuery } from '@tanstack/react-query';
import { Ellipsis, Plus, Search, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { instancesQuery } from '../api/queries.ts';
import { Failure } from '../shell/states.tsx';
import { common } from '../text/common.ts';
import { texts } from '../text/instances.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { FilterSelect, FilterStrip, SearchField } from '../ui/filter.tsx';
import { type ListSearch, sorted } from '../ui/list-search.ts';
import { Menu } from '../ui/menu.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { pageInPath, pathTo } from '../ui/path.ts';
import { actionColumn, Pager, Table } from '../ui/table.tsx';
import { useReasonAgainst } from './actions.ts';
import { BulkBar } from './bulk-bar.tsx';
import { columnsOf } from './columns.tsx';
import { actionItems, useConfirmedActions } from './confirmed.tsx';
import type { Instance, Kind } from './kinds.ts';

const PER_PAGE = 50;

interface Props {
  kind: Kind;
  search: ListSearch;
  onSearch: (change: Partial<ListSearch>) => void;
}

/** The list of all instances of a kind. What it shows is in the address. */
export function ListPage({ kind, search, onSearch }: Props) {
  const { data, error } = useQuery(instancesQuery(kind));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const columns = useMemo(() => columnsOf(kind), [kind]);
  const rows = useMemo(() => {
    // Sorted by a column, what is read later may come first.
    if (search.sort && !data?.isWhole) return undefined;
    const fitting = data?.items.filter((one) => fits(one, search));
    return fitting && sorted(fitting, columns, search.sort);
  }, [data, columns, search]);
  const { page = 1 } = search;
  const read = rows?.slice((page - 1) * PER_PAGE, page * PER_PAGE);
  const shown = read?.length === 0 && !data?.isWhole ? undefined : read;
  const chosen = rows?.filter(({ id }) => selected.has(id)) ?? [];
  const menu = actionColumn<Instance>((instance) => (
    <RowMenu kind={kind} instance={instance} onConfirm={setConfirmation} />
  ));
  if (error && !data) return <Failure error={error} reset={() => undefined} />;
  const { text, icon: Icon, path } = kind;
  const create = (
    <ButtonLink to={pathTo(path, 'new')} look="primary" icon={<Plus />}>
      {text.create}
    </ButtonLink>
  );
  const isEmpty = data?.items.length === 0;
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={isEmpty ? null : create} />
      <div className="card overflow-hidden">
        {isEmpty ? (
          <Empty icon={<Icon />} title={text.emptyTitle} action={create}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <>
            {chosen.length > 0 ? (
              <BulkBar
                kind={kind}
                chosen={chosen}
                onConfirm={setConfirmation}
                onDone={() => setSelected(new Set())}
              />
            ) : (
              <Filters search={search} onSearch={onSearch} items={data?.items ?? []} />
            )}
            <Table
              caption={text.title}
              columns={[...columns, menu]}
              rows={shown}
              idOf={({ id }) => id}
              sorting={{ sort: search.sort, onSort: (sort) => onSearch({ sort, page: undefined }) }}
              selection={{
                selected,
                onSelect: setSelected,
                label: (id) => common.select(rows?.find((one) => one.id === id)?.name ?? id),
              }}
            />
            {shown && rows?.length === 0 && (
              <Empty
                icon={<Search />}
                title={common.noMatch}
                action={
                  <Button onClick={() => onSearch({ q: undefined, status: undefined, page: undefined })}>
                    {common.clearFilters}
                  </Button>
                }
              />
            )}
            <Pager
              page={page}
              perPage={PER_PAGE}
              total={rows?.length ?? 0}
              onPage={(next) => onSearch({ page: pageInPath(next) })}
            />
            {data?.isWhole && data.total > data.items.length && (
              <p className="border-t border-line px-5 py-2 text-sm text-quiet">
                {texts.onlyNewest(data.items.length)}
              </p>
            )}
          </>
        )}
      </div>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

function fits(instance: Instance, { q, status }: ListSearch): boolean {
  return (!q || instance.name.includes(q.toLowerCase().trim())) && (!status || instance.status === status);
}

function Filters({
  search,
  onSearch,
  items,
}: {
  search: ListSearch;
  onSearch: Props['onSearch'];
  items: readonly Instance[];
}) {
  const labels = new Map(items.map(({ status, status_label }) => [status, status_label]));
  if (search.status && !labels.has(search.status)) labels.set(search.status, search.status);
  return (
    <FilterStrip>
      <SearchField
        label={common.filterByName}
        value={search.q ?? ''}
        onValue={(q) => onSearch({ q: q || undefined, page: undefined })}
      />
      <FilterSelect
        label={common.status}
        value={search.status}
        onValue={(status) => onSearch({ status, page: undefined })}
        all={texts.allStates}
        options={[...labels].sort()}
      />
    </FilterStrip>
  );
}

function RowMenu({
  kind,
  instance,
  onConfirm,
}: {
  kind: Kind;
  instance: Instance;
  onConfirm: (confirmation: Confirmation) => void;
}) {
  const { run, remove } = useConfirmedActions(kind, onConfirm);
  const reasonAgainst = useReasonAgainst();
  return (
    <Menu
      label={`${common.more}: ${instance.name}`}
      className="inline-grid size-8 place-items-center rounded-lg text-quiet hover:bg-hover hover:text-ink [&_svg]:size-4"
      items={[
        ...actionItems(kind, instance, reasonAgainst, ['start', 'stop', 'reboot', 'forceStop'], (action) =>
          run(action, instance),
        ),
        'line',
        {
          label: common.delete,
          icon: <Trash2 />,
          danger: true,
          blocked: reasonAgainst('delete', instance),
          run: () => remove(instance),
        },
      ]}
    >
      <Ellipsis />
    </Menu>
  );
}
