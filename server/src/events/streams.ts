import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { STANDING } from '../http/authenticator.ts';
import { AppError } from '../lib/errors.ts';
import { logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import type { EventFeed } from './feed.ts';
import type { OperationProgress, ProgressReader } from './progress.ts';
import type { PlacedEvent, TeamEvents } from './store.ts';
import { viewEvent } from './view.ts';

export const EVENT_STREAM = 'text/event-stream; charset=utf-8';
/** What frames about operations are called in a stream. */
const PROGRESS = 'operation.progress';
/** How many streams one team may have open, in this process. */
export const STREAMS_PER_TEAM = 200;
/** Milliseconds after which a stream without events says that it lives, so that proxies keep it. */
const HEARTBEAT = 15_000;

/** A request that has become a stream. */
export interface StreamRequest {
  raw: ServerResponse;
  headers: Record<string, string | number | string[] | undefined>;
  log: Log;
  teamId: number;
  /** Events after this position. */
  after: number;
  /** Tells of operations, too; null: they are not asked for. */
  progress: ProgressReader | null;
  /** What it may read at the moment. Throws when it may read nothing any more. */
  wanted: () => Promise<TeamEvents>;
}

/** Open streams of server-sent events (HTML standard, section 9.2). */
export class EventStreams {
  readonly #feed: EventFeed;
  /** Each with what ends it. */
  readonly #open = new Map<StreamRequest, AbortController>();
  #closed = false;

  constructor(feed: EventFeed) {
    this.#feed = feed;
  }

  /** Throws `rate_limited` where the team has too many streams. */
  assertRoom(teamId: number): void {
    const open = Array.from(this.#open.keys()).filter((stream) => stream.teamId === teamId);
    if (open.length < STREAMS_PER_TEAM) return;
    throw new AppError(
      'rate_limited',
      `The team has ${STREAMS_PER_TEAM} streams of events open. Close one of them first.`,
      { extra: { retry_after: 60 } },
    );
  }

  /** Answers the request with events until the client hangs up, its token ends, or the server closes. */
  async run(request: StreamRequest): Promise<void> {
    const { raw, log } = request;
    const ending = new AbortController();
    raw.once('close', () => ending.abort());
    if (raw.destroyed || this.#closed) ending.abort();
    this.#open.set(request, ending);
    try {
      await this.#write(request, ending.signal);
    } catch (error) {
      // The client's token ended, or the client or the server went while it was written to.
      if (!(error instanceof AppError) && !ending.signal.aborted)
        logFailure(log, error, 'a stream of events broke off');
    } finally {
      this.#open.delete(request);
      request.progress?.close();
      raw.end();
    }
  }

  /** Ends all streams. Clients come back with the id of the last event that they have seen. */
  close(): void {
    this.#closed = true;
    for (const ending of this.#open.values()) ending.abort();
  }

  async #write(
    { raw, headers, teamId, after, progress, wanted }: StreamRequest,
    signal: AbortSignal,
  ): Promise<void> {
    raw.writeHead(200, {
      ...headers,
      'content-type': EVENT_STREAM,
      // Proxies such as nginx would hold events back.
      'x-accel-buffering': 'no',
    });
    let writtenAt = 0;
    let look = { at: performance.now(), filter: await wanted() };
    for (let position = after; !signal.aborted; ) {
      // The credential may end at any moment.
      if (performance.now() - look.at >= STANDING.lookEvery)
        look = { at: performance.now(), filter: await wanted() };
      const { filter } = look;
      const under = (await progress?.read(filter)) ?? [];
      const reading = await this.#feed.read(filter, position);
      position = reading.position;
      const events = [...under.map(progressFrame), ...reading.events.map(frame)].join('');
      if (events !== '' || Date.now() - writtenAt >= HEARTBEAT) {
        // Without data, it sets the id that the client comes back with.
        if (!raw.write(events || `id: ${position}\n\n`)) await once(raw, 'drain', { signal });
        writtenAt = Date.now();
      }
      await this.#feed.untilMore(teamId, position, signal, lookIn(look.at));
    }
  }
}

/** Milliseconds until the next look is due, after one at `at`. */
const lookIn = (at: number): number => Math.max(1, Math.ceil(at + STANDING.lookEvery - performance.now()));

/** It has no id: a client that comes back is told where operations are then. */
const progressFrame = (progress: OperationProgress): string =>
  `event: ${PROGRESS}\ndata: ${JSON.stringify(progress)}\n\n`;

const frame = (event: PlacedEvent): string =>
  `id: ${event.position}\nevent: ${event.type}\ndata: ${JSON.stringify(viewEvent(event))}\n\n`;
