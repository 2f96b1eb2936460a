import { type Static, type TSchema, Type } from 'typebox';

/** What is known of one type of event without any event of it. */
export interface CatalogueEntry {
  /** `RESOURCE.WHAT`, for example `vps.created`. Stable: programs choose events by it. */
  name: string;
  /** `Warning`: something is not as it was meant to be. */
  severity: 'Normal' | 'Warning';
  /** What lists of a resource's events show: one word in CamelCase, stable. */
  reason: string;
  /** What its events say beside the resource that they are about. Nothing secret. */
  payload: TSchema;
}

/** A type of event, with what its events say to people. */
export interface EventType<Payload extends TSchema = TSchema> extends CatalogueEntry {
  payload: Payload;
  /** A sentence that the customer reads; it is kept as it was when the event was written. */
  message: (payload: Static<Payload>) => string;
}

/** The types of event of one kind of resource. Each module has one, in its `events.ts`. */
export type EventCatalogue = Record<string, CatalogueEntry>;

const types = new Map<string, CatalogueEntry>();

/** Makes the types of all modules known. Throws where two have one name. */
export function registerEvents(entries: readonly CatalogueEntry[]): void {
  for (const entry of entries) {
    const known = types.get(entry.name);
    if (known && known !== entry) throw new Error(`There are two types of event "${entry.name}".`);
    types.set(entry.name, entry);
  }
}

/** The type of that name; undefined where no module has it. */
export const findEventType = (name: string): CatalogueEntry | undefined => types.get(name);

const eventType =
  (severity: CatalogueEntry['severity']) =>
  <Payload extends TSchema>(
    name: string,
    reason: string,
    payload: Payload,
    message: EventType<Payload>['message'],
  ): EventType<Payload> => ({ name, severity, reason, payload, message });

/** A type of event that tells of something that went as it should. */
export const normal = eventType('Normal');
/** A type of event that tells of something that did not. */
export const warning = eventType('Warning');

/** For events that say nothing beside what they are. */
export const NOTHING = Type.Object({});

/** Why something failed, as in an operation's `error`. */
export const Failure = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String(), retryable: Type.Boolean() }),
});
