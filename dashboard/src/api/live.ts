import type { QueryClient } from '@tanstack/react-query';
import { leadAlone } from './leader.ts';
import { pause } from './pause.ts';
import { noteProgress, type Progress } from './progress.ts';
import { currentTeam } from './team.ts';

/** Pauses before the stream is opened again, in milliseconds; the last one goes on. */
const PAUSES_MS = [500, 1000, 2000, 5000, 10_000];
/** The server says something every 15 seconds: after this long without, the connection is dead. */
const SILENCE_MS = 40_000;
/** Events that come together are worked off together, in milliseconds. */
const GATHER_MS = 100;

/** Every event is also one of the log, most belong to an operation, are in the audit log, and somebody is told of them. */
const ALWAYS = ['events', 'operations', 'audit', 'notifications'];

/** What events of a type are also about: taking and restoring a snapshot are events of its instance. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  vps: ['snapshot'],
  database: ['snapshot'],
  cache: ['snapshot'],
};

export type Connection = 'connecting' | 'open' | 'lost';

interface Message {
  team: number | null;
  connection?: Connection;
  /** Types of resources that have changed; `*` for whatever may have. */
  changed?: string[];
  progress?: Progress;
  /** The last event, so that another tab can go on from it. */
  lastId?: string;
}

let connection: Connection = 'connecting';
const listeners = new Set<() => void>();

export const connectionNow = (): Connection => connection;
export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Follows the events of the team until the returned function is called, and makes the answers old that they are about. Of
 * all tabs of a browser only one has the stream open, since over HTTP/1.1 a browser has six connections for all of
 * them; it tells the others.
 */
export function followEvents(client: QueryClient): () => void {
  const team = currentTeam();
  const channel = new BroadcastChannel('danube-events');
  const ending = new AbortController();
  const gather = createGatherer(client);
  let lastId: string | null = null;
  let leads = false;
  const take = (message: Message): void => {
    if (message.team !== team) return;
    if (message.connection && message.connection !== connection) {
      connection = message.connection;
      for (const listener of listeners) listener();
    }
    if (message.changed) gather(message.changed);
    if (message.progress) gather(noteProgress(client, message.progress));
    lastId = message.lastId ?? lastId;
  };
  const tell = (message: Omit<Message, 'team'>): void => {
    take({ ...message, team });
    channel.postMessage({ ...message, team });
  };
  channel.onmessage = ({ data }: MessageEvent<Message & { ask?: true }>) => {
    // A new tab asks how the connection is.
    if (data.ask && leads) channel.postMessage({ team, connection });
    else take(data);
  };
  channel.postMessage({ team, ask: true });
  leadAlone(`danube-events ${team ?? ''}`, ending.signal, async (signal) => {
    leads = true;
    await keepOpen(() => lastId, tell, signal);
    leads = false;
  });
  return () => {
    ending.abort();
    channel.close();
  };
}

function createGatherer(client: QueryClient): (types: readonly string[]) => void {
  const types = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (more) => {
    for (const type of more) types.add(type);
    if (types.size === 0) return;
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      const all = types.has('*');
      const changed = new Set([...types, ...[...types].flatMap((type) => ALSO[type] ?? []), ...ALWAYS]);
      types.clear();
      void client.invalidateQueries({ predicate: ({ queryKey }) => all || changed.has(String(queryKey[0])) });
    }, GATHER_MS);
  };
}

/** Opens the stream again and again, until the signal. */
async function keepOpen(
  lastId: () => string | null,
  tell: (message: Omit<Message, 'team'>) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await readStream(lastId(), signal, {
        onOpen() {
          // Whatever happened before the first stream of this tab, or during a break, is read from the lists.
          tell({ connection: 'open', ...(failures > 0 ? { changed: ['*'] } : {}) });
          failures = 0;
        },
        onEvent(id, type, data) {
          if (type === 'operation.progress') tell({ progress: JSON.parse(data) as Progress });
          else if (id) tell({ lastId: id, ...(type ? { changed: [type.split('.', 1)[0]!] } : {}) });
        },
      });
    } catch {
      // Whatever the reason, the answer is the same: try again.
    }
    if (signal.aborted) return;
    // Lists of operations then ask for themselves.
    tell({ connection: 'lost', changed: ['operations'] });
    await unlessSeen(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]!, signal);
  }
}

interface Reader {
  onOpen: () => void;
  /** `type` is empty where the server only says that it is there. */
  onEvent: (id: string, type: string, data: string) => void;
}

/** Reads one stream to its end. Not with `EventSource`, which sends no headers, such as that of the team. */
async function readStream(
  lastId: string | null,
  signal: AbortSignal,
  { onOpen, onEvent }: Reader,
): Promise<void> {
  const silence = new AbortController();
  const watch = () => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = watch();
  try {
    const team = currentTeam();
    const response = await fetch('/api/v1/events/stream?progress=true', {
      headers: {
        ...(lastId ? { 'last-event-id': lastId } : {}),
        ...(team === null ? {} : { 'x-team-id': String(team) }),
      },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    onOpen();
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = watch();
      const frames = (rest + text).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        onEvent(fieldOf(frame, 'id'), fieldOf(frame, 'event'), fieldOf(frame, 'data'));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A field of a frame of the stream; the server writes each on one line. */
const fieldOf = (frame: string, name: 'id' | 'event' | 'data'): string =>
  new RegExp(`^${name}: ?(.*)$`, 'm').exec(frame)?.[1] ?? '';

/** Waits; but not where somebody looks at the tab again, or the network is back. */
const unlessSeen = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, signal, (go, listening) => {
    window.addEventListener('online', go, { signal: listening });
    document.addEventListener('visibilitychange', go, { signal: listening });
  });
