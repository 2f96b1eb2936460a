import type { Creation } from '../api/creation.ts';
import { filledPath, type Target } from './target.ts';

/** The request as commands for a shell, with the token in `TOKEN`. */
export function curlOf(creation: Creation, target: Target): string {
  const { first, body } = creation;
  if (!first) return command(creation, target, quoted(JSON.stringify(body, null, 2)));
  const variable = first.member.toUpperCase();
  const before = command(first.creation, target, quoted(JSON.stringify(first.creation.body, null, 2)));
  const json = JSON.stringify({ ...body, [first.member]: 0 }, null, 2);
  // The value is the last member: it takes the place of the zero.
  const data = `${quoted(json.slice(0, -'0\n}'.length))}"$${variable}"${quoted('\n}')}`;
  return [`${variable}=$(${before} | jq -r .${first.at.join('.')})`, command(creation, target, data)].join(
    '\n\n',
  );
}

function command({ path, parameters }: Creation, { url, team }: Target, data: string): string {
  return [
    `curl --fail-with-body -X POST ${quoted(`${url}/api/v1${filledPath(path, parameters)}`)}`,
    '-H "Authorization: Bearer $TOKEN"',
    ...(team === null ? [] : [`-H 'X-Team-Id: ${team}'`]),
    "-H 'Content-Type: application/json'",
    `-d ${data}`,
  ].join(' \\\n  ');
}

/** Within these quotes a shell takes everything as it is, but the quote itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
