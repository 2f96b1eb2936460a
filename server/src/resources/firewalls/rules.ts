import { nounOf } from '../../instances/kinds.ts';
import type { Instance } from '../../instances/store.ts';
import { type FieldErrors, invalid } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import { InvalidAddress, parseBlock } from '../../lib/packet-filter/addresses.ts';
import type { Protocol } from '../../lib/packet-filter/policy.ts';
import type { InstanceName, StoredRule } from './rule.ts';
import type { FirewallRuleInput } from './rule-schema.ts';

const noRuleFor = (name: string): string =>
  `The network cannot tell ${name} from other protocols without ports. Use the protocol any, with the addresses of ` +
  'the tunnel’s other end.';

/**
 * Protocols that rules cannot name, and why: see decision 20. A rule that makes no difference could be accepted, but
 * whether it does would depend on all other rules and their later changes.
 */
const NOT_ENFORCEABLE: Partial<Record<Protocol, string>> = { gre: noRuleFor('GRE'), esp: noRuleFor('ESP') };

const NOT_OFFERED = new Set(['queue', 'serverless']);
/** Most fields in an error: a small request must not cause a large response. */
const MAX_FIELDS = 50;

/** Collects sentences by field. */
export class FieldErrorList {
  readonly #errors: FieldErrors = {};

  add(field: string, sentence: string): void {
    const known = this.#errors[field];
    if (known) known.push(sentence);
    else if (Object.keys(this.#errors).length < MAX_FIELDS) this.#errors[field] = [sentence];
  }

  /** Throws `validation_failed` if it has collected any. */
  throw(): void {
    if (Object.keys(this.#errors).length > 0) throw invalid(this.#errors);
  }
}

/** The team's instances that a request may refer to. */
export type InstanceIndex = ReadonlyMap<string, Instance>;

/**
 * Converts a request's rules to stored rules; errors are added to `errors`, by field. An `id` is kept if it belongs to
 * one of `present`, the firewall's existing rules.
 */
export function checkRules(
  input: readonly FirewallRuleInput[],
  present: readonly StoredRule[],
  instances: InstanceIndex,
  errors: FieldErrorList,
): StoredRule[] {
  const ids = new Set(present.map(({ id }) => id));
  return input.map((rule, index) => {
    const field = `rules.${index}`;
    const refusal = NOT_ENFORCEABLE[rule.protocol];
    if (refusal) errors.add(`${field}.protocol`, refusal);
    return {
      // Each id can be used once.
      id: rule.id != null && ids.delete(rule.id) ? rule.id : uuidv7(),
      name: rule.name ?? null,
      description: rule.description ?? null,
      direction: rule.direction,
      protocol: rule.protocol,
      ...checkPorts(rule, field, errors),
      source_ips: checkAddresses(rule.source_ips ?? [], `${field}.source_ips`, errors),
      source_instance_ids: orNull(
        checkInstances(rule.source_instance_ids ?? [], `${field}.source_instance_ids`, instances, errors),
      ),
      action: rule.action ?? 'allow',
      order: rule.order ?? index + 1,
    };
  });
}

/** An empty list means everyone, like a missing one. */
const orNull = <T>(list: T[]): T[] | null => (list.length === 0 ? null : list);

function checkPorts(
  rule: FirewallRuleInput,
  field: string,
  errors: FieldErrorList,
): Pick<StoredRule, 'port_range_start' | 'port_range_end'> {
  const { protocol, port = null, port_range_start: first = null, port_range_end: last = null } = rule;
  const report = (member: string, sentence: string) => errors.add(`${field}.${member}`, sentence);
  if (port === null && first === null && last === null)
    return { port_range_start: null, port_range_end: null };
  if (protocol !== 'tcp' && protocol !== 'udp') {
    const member = port === null ? (first === null ? 'port_range_end' : 'port_range_start') : 'port';
    report(member, `Only tcp and udp have ports, ${protocol} has none. Leave the port out.`);
  } else if (port !== null && ((first ?? port) !== port || (last ?? port) !== port)) {
    report('port', 'The port and the range say different things. Give one of them.');
  } else if (port === null && first === null) {
    report('port_range_start', 'A range needs its first port too.');
  } else if (port === null && last === null) {
    report('port_range_end', 'A range needs its last port too. For one port, give port.');
  } else if (port === null && first! > last!) {
    report('port_range_end', `The range ends at ${last}, before it begins at ${first}.`);
  }
  return { port_range_start: port ?? first, port_range_end: port ?? last };
}

function checkAddresses(list: readonly string[], field: string, errors: FieldErrorList): string[] | null {
  const known = new Map<string, string>();
  for (const [index, text] of list.entries()) {
    try {
      const { family, first, last } = parseBlock(text);
      const key = `${family} ${first} ${last}`;
      const same = known.get(key);
      if (same !== undefined) {
        const sentence = same === text ? `${text} is named twice.` : `${text} is the same as ${same}.`;
        errors.add(`${field}.${index}`, sentence);
      }
      known.set(key, text);
    } catch (error) {
      if (!(error instanceof InvalidAddress)) throw error;
      errors.add(`${field}.${index}`, error.message);
    }
  }
  return orNull([...list]);
}

interface Reference {
  id: string;
  type?: string;
}

/** The team's instances that a list names; errors are added to `errors`. */
export function checkInstances(
  list: readonly Reference[],
  field: string,
  instances: InstanceIndex,
  errors: FieldErrorList,
): InstanceName[] {
  const found = new Map<string, InstanceName>();
  for (const [index, reference] of list.entries()) {
    const where = { id: `${field}.${index}.id`, type: `${field}.${index}.type` };
    const instance = checkInstance(reference, where, instances, errors);
    if (!instance) continue;
    if (found.has(instance.id)) errors.add(where.id, `The ${nounOf(instance.kind)} is named twice.`);
    found.set(instance.id, { id: instance.id, type: instance.kind });
  }
  return [...found.values()];
}

/** The team's instance that a request names; null after adding an error for the field `where`. */
export function checkInstance(
  { id, type }: Reference,
  where: { id: string; type: string },
  instances: InstanceIndex,
  errors: FieldErrorList,
): Instance | null {
  if (type !== undefined && NOT_OFFERED.has(type)) {
    errors.add(
      where.type,
      `This install has no instances of the type ${type}. Choose vps, database or cache.`,
    );
    return null;
  }
  const instance = UUID.test(id) ? instances.get(id.toLowerCase()) : undefined;
  if (instance && (type === undefined || type === instance.kind)) return instance;
  const noun = type === undefined ? 'instance' : nounOf(type);
  errors.add(where.id, `There is no such ${noun} in this team.`);
  return null;
}
