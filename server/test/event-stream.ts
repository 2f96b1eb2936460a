import assert from 'node:assert/strict';

/** One server-sent event. */
export interface Sent {
  id: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every type
  data: any;
}

export interface OpenStream {
  /** The next event that has data. Fails where the stream ends before. */
  next(): Promise<Sent>;
  /** Resolves when the server has ended the stream. */
  ended(): Promise<void>;
  close(): void;
}

/** Opens the stream of events of a server, with a token or with headers of its own. Resolves when the server has begun to answer. */
export async function openStream(
  url: string,
  token: string | null,
  {
    query = '',
    lastEventId,
    headers = {},
  }: { query?: string; lastEventId?: number; headers?: Record<string, string> } = {},
): Promise<OpenStream> {
  const hangUp = new AbortController();
  const answer = await fetch(`${url}/api/v1/events/stream${query}`, {
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
      ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
    },
    signal: hangUp.signal,
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = parse(answer);
  return {
    async next() {
      const { value, done } = await events.next();
      assert.ok(!done, 'The stream has ended.');
      return value;
    },
    async ended() {
      while (!(await events.next()).done);
    },
    close: () => hangUp.abort(),
  };
}

/** Keeps the answer itself: `fetch` hangs up once it is collected as garbage before somebody reads. */
async function* parse({ body }: Response): AsyncGenerator<Sent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body!) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop()!;
    for (const frame of frames) {
      const fields = new Map(frame.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      const data = fields.get('data');
      if (data === undefined) continue;
      yield { id: Number(fields.get('id')), type: fields.get('event')!, data: JSON.parse(data) };
    }
  }
}
