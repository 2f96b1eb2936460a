import type { Parameters } from './check-parameters.ts';
import type { EngineParameter, PlanSize, Provider } from './provider.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** What the parameters of an engine may take of a plan's memory and disk. Figures are in bytes. */
export interface PlanLimits {
  /** Memory that the engine needs besides the parameters in `shared`. */
  reserved(memory: number): number;
  /**
   * Parameters that take memory as long as the engine runs, with the bytes that one unit of their value takes (one byte
   * of a size, one connection). All together must fit into the memory that is not reserved.
   */
  shared: Readonly<Record<string, number>>;
  /** Parameters that must not exceed a limit of their own, in bytes or as a count. */
  single(resources: Resources): Readonly<Record<string, number>>;
  /** A value as a number of bytes, or as a count. Null: it is none, or stands for the engine's own choice. */
  numberOf(value: string, parameter: Pick<EngineParameter, 'unit'>): number | null;
  /** That number as the engine's users write it, rounded down. */
  written(number: number, name: string): string;
}

/** Memory and disk of a plan in bytes; `amountOf` gives the number that the engine will use for a parameter. */
export interface Resources {
  memory: number;
  disk: number;
  amountOf(name: string): number;
}

export interface NamedPlan extends PlanSize {
  plan: string;
}

/**
 * Compares parameters with what the plan can hold. `set` are those of the customer; all others have the values of the
 * plan, or the engine's own. Returns a sentence for each that is too large, with the most that the plan allows.
 */
export function exceedingPlan(
  provider: Provider,
  known: readonly EngineParameter[],
  set: Readonly<Parameters>,
  plan: NamedPlan,
): string[] {
  const limits = provider.planLimits;
  if (!limits) return [];
  const byName = new Map(known.map((parameter) => [parameter.name, parameter]));
  const sized = provider.sizing(plan);
  const memory = plan.memoryMb * MIB;
  const numberOf = (value: string, parameter: Pick<EngineParameter, 'unit'>): number =>
    // Nothing can be compared with infinity, which is what too many digits are.
    Math.min(limits.numberOf(value, parameter) ?? 0, Number.MAX_SAFE_INTEGER);
  const amountOf = (name: string): number => {
    const parameter = byName.get(name);
    const given = set[name] ?? sized[name];
    if (given !== undefined) return numberOf(given, parameter ?? { unit: null });
    const standard = parameter?.default ?? null;
    return standard === null ? 0 : numberOf(standard, parameter!);
  };
  const most = new Map<string, number>();
  const use = (name: string): number => Math.max(0, amountOf(name)) * limits.shared[name]!;
  const total = Object.keys(limits.shared).reduce((sum, name) => sum + use(name), 0);
  const room = memory - limits.reserved(memory);
  for (const [name, each] of Object.entries(limits.shared)) {
    if (total > room && name in set) most.set(name, Math.floor((room - (total - use(name))) / each));
  }
  const single = limits.single({ memory, disk: plan.diskGb * GIB, amountOf });
  for (const [name, limit] of Object.entries(single)) {
    if (name in set) most.set(name, Math.min(most.get(name) ?? Infinity, Math.floor(limit)));
  }
  return [...most]
    .filter(([name, limit]) => amountOf(name) > limit)
    .map(([name, limit]) => sentence(name, limit, { limits, plan }));
}

function sentence(
  name: string,
  limit: number,
  { limits, plan }: { limits: PlanLimits; plan: NamedPlan },
): string {
  const size = `the plan ${plan.plan} with ${plan.memoryMb} MB of memory and ${plan.diskGb} GB of storage`;
  return limit > 0
    ? `The parameter ${name} must not be greater than ${limits.written(limit, name)} on ${size}.`
    : `The parameters leave no room for ${name} on ${size}. Choose smaller values.`;
}
