import type { paths } from '@danube/client/schema';
import { answerOf, api } from './client.ts';

type Json<T> = T extends { content: { 'application/json': infer Content } } ? Content : never;
type PostOf<Path extends keyof paths> = paths[Path] extends { post: infer Post extends object }
  ? Post
  : never;
type BodyOf<Path extends keyof paths> =
  PostOf<Path> extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never;
type AnswerOf<Path extends keyof paths> =
  PostOf<Path> extends { responses: { 201: infer Created } } ? Json<Created> : never;

/** A request that creates something: what a form sends, and shows as code. */
export interface Creation<Answer = unknown> {
  /** As the document of the API has it, such as `/snapshots/database/{databaseSnapshot}/clone`. */
  path: string;
  /** The values of what is in braces in the path. */
  parameters: Readonly<Record<string, string | number>>;
  body: Readonly<Record<string, unknown>>;
  /** What must be there before: its answer has a value that the body needs. */
  first?: First | undefined;
  /** Never set: it only keeps the type of the answer. */
  answer?: Answer;
}

interface First {
  creation: Creation;
  /** The member of the body that gets the value. */
  member: string;
  /** Where the value is in the answer, for example `['key', 'id']`. */
  at: readonly string[];
}

/** Describes the request that creates something. Its body and its answer have the types of the path. */
export function creationOf<Path extends keyof paths>(
  path: Path,
  body: BodyOf<Path>,
  { parameters = {}, first }: { parameters?: Creation['parameters']; first?: First } = {},
): Creation<AnswerOf<Path>> {
  return { path, body: body as Creation['body'], parameters, first };
}

/**
 * Sends it, after what must be there first. By `key` the server recognises that it has got the same already. Throws as
 * {@link answerOf} does.
 */
export async function create<Answer>(
  { path, body, parameters, first }: Creation<Answer>,
  key: string,
): Promise<Answer> {
  let whole = body;
  if (first) {
    const answer = await create(first.creation, `${key}-first`);
    whole = { ...body, [first.member]: valueAt(answer, first.at) };
  }
  const post = api.POST as (path: string, sent: object) => Parameters<typeof answerOf<Answer>>[0];
  const params = { path: parameters, header: { 'Idempotency-Key': key } };
  return answerOf(post(path, { params, body: whole }));
}

const valueAt = (value: unknown, names: readonly string[]): unknown =>
  names.reduce((inner, name) => (inner as Record<string, unknown>)[name], value);
