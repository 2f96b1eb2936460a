import { type Static, type TSchema, Type } from 'typebox';

/** The definition of an event type, as the catalogue lists it. */
export interface CatalogueEntry {
  /** `RESOURCE.WHAT`, for example `vps.created`. Stable: programs filter by it. */
  name: string;
  /** `Warning`: something needs attention. */
  severity: 'Normal' | 'Warning';
  /** One word in CamelCase, shown in the list of a resource's events. Stable. */
  reason: string;
  /** Schema of the event's data, besides the resource it is about. Must hold no secrets. */
  payload: TSchema;
}

/** An event type, with the sentence that customers read. */
export interface EventType<Payload extends TSchema = TSchema> extends CatalogueEntry {
  payload: Payload;
  /** Renders the sentence for customers. It is stored with the event, so later changes affect new events only. */
  message: (payload: Static<Payload>) => string;
}

/** The event types of one kind of resource. Each module has one, in its `events.ts`. */
export type EventCatalogue = Record<string, CatalogueEntry>;

const types = new Map<string, CatalogueEntry>();

/** Registers the event types of all modules. Throws where two different types share a name. */
export function registerEvents(entries: readonly CatalogueEntry[]): void {
  for (const entry of entries) {
    const known = types.get(entry.name);
    if (known && known !== entry) throw new Error(`There are two types of event "${entry.name}".`);
    types.set(entry.name, entry);
  }
}

/** The event type of that name; undefined where no module has it. */
export const findEventType = (name: string): CatalogueEntry | undefined => types.get(name);

/** Whether there are events of the type; of `RESOURCE.*`, whether there are any of that resource. */
export const isEventType = (pattern: string): boolean =>
  pattern.endsWith('.*')
    ? [...types.keys()].some((name) => name.startsWith(pattern.slice(0, -1)))
    : types.has(pattern);

const eventType =
  (severity: CatalogueEntry['severity']) =>
  <Payload extends TSchema>(
    name: string,
    reason: string,
    payload: Payload,
    message: EventType<Payload>['message'],
  ): EventType<Payload> => ({ name, severity, reason, payload, message });

/** An event type for something that went as expected. */
export const normal = eventType('Normal');
/** An event type for something that went wrong. */
export const warning = eventType('Warning');

/** The payload of events that carry no data. */
export const NOTHING = Type.Object({});

/** Payload of failures: the reason, as in an operation's `error`. */
export const Failure = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String(), retryable: Type.Boolean() }),
});
