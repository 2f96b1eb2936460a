import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type LucideIcon, Monitor, Moon, Play, Plus, RotateCw, Search, Square, Sun } from 'lucide-react';
import { type KeyboardEvent, useDeferredValue, useId, useMemo, useState } from 'react';
import { accountQuery } from '../api/account.ts';
import { answerOf, api } from '../api/client.ts';
import { instancesQuery } from '../api/queries.ts';
import { useReasonAgainst } from '../instances/actions.ts';
import { useConfirmedActions } from '../instances/confirmed.tsx';
import { cacheKind, databaseKind, type Instance, KINDS, vpsKind } from '../instances/kinds.ts';
import { texts as instanceTexts } from '../text/instances.ts';
import { shell } from '../text/shell.ts';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import DialogBox from '../ui/dialog-box.tsx';
import { PAGE_ICONS } from './page-icon.tsx';
import { navigationOf, SETTINGS } from './pages.ts';
import { chooseTheme, type Theme } from './theme.ts';

interface Entry {
  id: string;
  label: string;
  side: string;
  words: string;
  icon: LucideIcon;
  /** Where it leads, or what it does. */
  does: string | (() => void);
  /** Whether it asks before it does so. */
  asks?: boolean;
}

/** Most entries that are shown at once. */
const SHOWN = 12;

/** Ctrl-K: goes to any page, instance or form by a part of its name, and does what can be done with an instance. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const list = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const entries = useEntries();
  const actions = useActions(text, setConfirmation);
  const others = useOthers(text);
  const found = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const known = [...entries, ...actions].filter(({ words: own }) =>
      words.every((word) => own.includes(word)),
    );
    const ids = new Set(known.map(({ id }) => id));
    return [...known, ...others.filter(({ id }) => !ids.has(id))].slice(0, SHOWN);
  }, [entries, actions, others, text]);
  const open = (entry: Entry | undefined) => {
    if (!entry) return;
    const { does } = entry;
    if (typeof does === 'function') {
      does();
      // What asks first closes after the answer.
      if (!entry.asks) onClose();
      return;
    }
    onClose();
    void navigate({ to: does });
  };
  if (confirmation) return <ConfirmDialog confirmation={confirmation} onClose={onClose} />;
  const listen = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setActive((at) => (at + step + found.length) % Math.max(found.length, 1));
    }
    if (event.key === 'Enter') open(found[active]);
  };
  return (
    <DialogBox open onClose={onClose} title={shell.palette.title} wide>
      <input
        // biome-ignore lint/a11y/noAutofocus: the dialog has nothing else to do
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={found[active] ? `${list}-${active}` : undefined}
        aria-label={shell.palette.title}
        placeholder={shell.palette.placeholder}
        className="control h-11"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setActive(0);
        }}
        onKeyDown={listen}
      />
      <div
        id={list}
        role="listbox"
        aria-label={shell.palette.results}
        className="mt-3 flex min-h-96 flex-col gap-px"
      >
        {found.map((entry, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
          <div
            key={entry.id}
            id={`${list}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            className={`flex h-10 cursor-pointer items-center gap-3 rounded-lg px-3 [&_svg]:size-4 [&_svg]:text-quiet ${at === active ? 'bg-accent-soft' : ''}`}
            onPointerMove={() => setActive(at)}
            onClick={() => open(entry)}
          >
            <entry.icon aria-hidden />
            <span className="min-w-0 flex-1 truncate">{entry.label}</span>
            <span className="truncate text-sm text-quiet">{entry.side}</span>
          </div>
        ))}
        {found.length === 0 && <p className="p-3 text-quiet">{shell.palette.none}</p>}
      </div>
      <p className="mt-3 text-xs text-quiet">{shell.palette.hint}</p>
    </DialogBox>
  );
}

function useEntries(): readonly Entry[] {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  const { data: account } = useQuery(accountQuery);
  const pages = [...navigationOf(account).flatMap((group) => group.pages), SETTINGS].map((page) =>
    entry(page.to, page.label, '', page.to, PAGE_ICONS[page.to] ?? Search),
  );
  const forms = KINDS.map(({ path, text }) =>
    entry(`${path}/new`, shell.palette.create(text.noun), '', `${path}/new`, Plus),
  );
  const instances = KINDS.flatMap((kind, at) =>
    (lists[at]?.data?.items ?? []).map((instance: Instance) =>
      entry(
        instance.id,
        instance.name,
        kind.text.title,
        `${kind.path}/${instance.id}`,
        kind.icon,
        addressesOf(instance),
      ),
    ),
  );
  return [...pages, ...instances, ...forms];
}

const ACTIONS = ['start', 'stop', 'reboot'] as const;
const ACTION_ICONS = { start: Play, stop: Square, reboot: RotateCw };
const THEMES: readonly [Theme, LucideIcon][] = [
  ['light', Sun],
  ['dark', Moon],
  ['system', Monitor],
];

/** What can be done at once, where something was typed: start, stop and reboot what allows it now, and other colours. */
function useActions(text: string, onConfirm: (confirmation: Confirmation) => void): readonly Entry[] {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  const runs = {
    vps: useConfirmedActions(vpsKind, onConfirm).run,
    database: useConfirmedActions(databaseKind, onConfirm).run,
    cache: useConfirmedActions(cacheKind, onConfirm).run,
  };
  const reasonAgainst = useReasonAgainst();
  if (text.trim() === '') return [];
  const themes = THEMES.map(([theme, icon]) =>
    entry(`theme ${theme}`, shell.themes[theme], shell.theme, () => chooseTheme(theme), icon),
  );
  const ofInstances = KINDS.flatMap((kind, at) =>
    (lists[at]?.data?.items ?? []).flatMap((instance: Instance) =>
      ACTIONS.filter((action) => kind.act[action] && reasonAgainst(action, instance) === null).map(
        (action) => ({
          ...entry(
            `${action} ${instance.id}`,
            shell.palette.act(instanceTexts[action], instance.name),
            kind.text.title,
            () => runs[kind.name](action, instance),
            ACTION_ICONS[action],
          ),
          asks: action !== 'start',
        }),
      ),
    ),
  );
  return [...ofInstances, ...themes];
}

/** Fewer letters fit too much. */
const SHORTEST_SEARCH = 2;

/** Where what the server finds is shown: a page of its own, or the list it is in. */
const PLACES: Record<string, (id: string) => string> = {
  ...Object.fromEntries(KINDS.map(({ name, path }) => [name, (id: string) => `${path}/${id}`])),
  bucket: (id) => `/object-storage/${id}`,
  access_key: () => '/object-storage',
  firewall: (id) => `/firewalls/${id}`,
  snapshot: () => '/snapshots',
  'parameter-group': () => '/parameter-groups',
  'ssh-key': () => '/ssh-keys',
  webhook: () => '/webhooks',
};

/** What the server finds by name, id, address or tag, of all types of resources. */
function useOthers(text: string): readonly Entry[] {
  const q = useDeferredValue(text.trim());
  const { data } = useQuery({
    queryKey: ['search', q],
    queryFn: async () => (await answerOf(api.GET('/resources/search', { params: { query: { q } } }))).results,
    enabled: q.length >= SHORTEST_SEARCH,
    placeholderData: keepPreviousData,
  });
  if (q.length < SHORTEST_SEARCH) return [];
  return (data ?? []).flatMap(({ id, type, name }) => {
    const to = PLACES[type]?.(id);
    return to ? [entry(id, name, shell.palette.types[type] ?? type, to, Search)] : [];
  });
}

function entry(
  id: string,
  label: string,
  side: string,
  does: Entry['does'],
  icon: LucideIcon,
  more = '',
): Entry {
  return { id, label, side, does, icon, words: `${label} ${side} ${id} ${more}`.toLowerCase() };
}

const addressesOf = (instance: Instance): string =>
  'public_ip' in instance
    ? `${instance.public_ip ?? ''} ${instance.ipv6_address ?? ''}`
    : `${instance.endpoint ?? ''} ${instance.provider.name}`;
