import type { Compute, ControlVerb } from '../../dataplane/contract/compute.ts';
import { instanceRef } from '../../instances/naming.ts';
import type { Ask } from '../../instances/single-flight.ts';
import type { EngineEvidence, EngineState } from '../../services/provider.ts';
import { type LogQuery, readLog } from './logs.ts';
import { providerOf } from './settings.ts';
import type { ManagedService } from './store.ts';

const LAST_ERROR: LogQuery = { since: null, until: null, cursor: null, level: 'error', limit: 1 };
const SINCE_START: LogQuery = { since: 0, until: null, cursor: null, level: null, limit: 1000 };
/** Seconds to wait for an engine's answer to a probe. */
export const PROBE_SECONDS = 2;

/** What an engine shows of itself; null where it could not be asked. */
export interface Witness {
  state: EngineState | null;
  examined: EngineEvidence | null;
  /** All that is kept of its log; then what it logged since its last start, and the latest error line. */
  text: string | null;
  log: string;
  lastError: string | null;
}

/** Asks engines what they do. `ask` coalesces what is asked at the same time. */
export class EngineWitness {
  readonly #plane: Compute;
  readonly #ask: Ask;

  constructor(plane: Compute, ask: Ask) {
    this.#plane = plane;
    this.#ask = ask;
  }

  control(row: ManagedService, verb: ControlVerb): Promise<string | null> {
    return this.#ask(`${row.id} ${verb}`, () => this.#plane.control(instanceRef(row), verb));
  }

  /** The same, for a verb that prints JSON. */
  async parsed<T>(row: ManagedService, verb: ControlVerb): Promise<T | null> {
    const text = await this.control(row, verb);
    return text === null ? null : (JSON.parse(text) as T);
  }

  /** Whether the customer's account is answered. */
  async answers(row: ManagedService): Promise<boolean> {
    const answered = await this.#ask(`${row.id} ready`, async () => {
      await this.#plane.waitForService(instanceRef(row), PROBE_SECONDS);
      return true;
    });
    return answered ?? false;
  }

  /** What it says of itself. */
  async examine(row: ManagedService): Promise<EngineEvidence | null> {
    return (await this.parsed<EngineEvidence>(row, 'examine')) ?? this.#withoutExamination(row);
  }

  /** For an image that is older than `examine`: only whether it answers. */
  async #withoutExamination(row: ManagedService): Promise<EngineEvidence | null> {
    const state = await this.parsed<EngineState>(row, 'state');
    if (state === null) return null;
    const answers = await this.answers(row);
    return {
      process: state.up ? 'S' : null,
      answers,
      complaint: null,
      platform_answers: answers,
      platform_complaint: null,
      clients: [],
      write_complaint: null,
    };
  }

  /** All of it. `examined`: where that is known already. */
  async witness(row: ManagedService, examined?: EngineEvidence | null): Promise<Witness> {
    const [evidence, state, text] = await Promise.all([
      examined === undefined ? this.examine(row) : examined,
      this.parsed<EngineState>(row, 'state'),
      this.control(row, 'logs'),
    ]);
    return { state, examined: evidence, text, ...readings(row, state, text) };
  }
}

function readings(row: ManagedService, state: EngineState | null, text: string | null) {
  if (text === null) return { log: '', lastError: null };
  const provider = providerOf(row);
  const started = state?.starts.at(-1);
  const since =
    started === undefined ? [] : readLog(text, provider, { ...SINCE_START, since: started * 1000 }).entries;
  return {
    log: since.map(({ message }) => message).join('\n'),
    lastError: readLog(text, provider, LAST_ERROR).entries[0]?.message ?? null,
  };
}
