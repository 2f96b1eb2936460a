import type { Command, Commands, Parameter } from './commands.ts';

const GENERAL = `danubectl: the API of a Danube install, as commands.

  danubectl login URL                 keep the address of an install, and a token that is asked for
  danubectl logout                    forget them
  danubectl GROUP                     list the commands of a group
  danubectl GROUP COMMAND --help      explain a command
  danubectl completion                print completion for bash

Of every command:
  -o, --output table|json             how the answer is printed (default: table)
      --team NUMBER                   act on this team instead of the token's
      --wait                          wait until the operation that begins has ended
      --json JSON                     the body of the request; @FILE reads a file, @- standard input

DANUBE_URL and DANUBE_TOKEN stand in for \`danubectl login\`.
Exit status: 1 refused, 2 wrong command, 3 token not valid, 4 install not reached, 5 operation failed.
`;

export const generalHelp = ({ groups }: Commands): string =>
  `${GENERAL}\nGroups:\n${columns(groups.map(({ name, about }) => [name, about]))}`;

export function groupHelp({ commands }: Commands, group: string): string {
  const own = commands.filter((command) => command.group === group);
  return `danubectl ${group} COMMAND\n\n${columns(own.map((one) => [one.name, one.summary]))}`;
}

/** How a command is called, without the program. */
export const callOf = ({ group, name }: Command): string => (name === '' ? group : `${group} ${name}`);

export function commandHelp(command: Command): string {
  const { summary, about, parameters, method, path } = command;
  const words = parameters.filter((one) => one.isWord);
  const flags = parameters.filter((one) => !one.isWord);
  return [
    `danubectl ${[callOf(command), ...words.map(({ flag }) => flag)].join(' ')}${flags.length > 0 ? ' [FLAGS]' : ''}`,
    `\n${summary}. ${about}`,
    ...(words.length > 0 ? [`\n${columns(words.map((one) => [one.flag, one.about]))}`] : []),
    ...(flags.length > 0 ? [`\n${columns(flags.map((one) => [usageOf(one), aboutOf(one)]))}`] : []),
    ...(command.body === 'file' ? ['\n  --file FILE  what is sent; - is standard input'] : []),
    `\n${method} /api/v1${path}`,
  ].join('\n');
}

function usageOf({ flag, type, values }: Parameter): string {
  if (type === 'boolean') return `--[no-]${flag}`;
  const word = { string: 'TEXT', number: 'NUMBER', list: 'TEXT …', json: 'JSON' }[type];
  return `--${flag} ${values && values.length <= 6 ? values.join('|') : word}`;
}

const aboutOf = ({ required, about }: Parameter): string =>
  [...(required ? ['Required.'] : []), about].join(' ').replaceAll(/\s+/g, ' ').trim();

function columns(lines: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(0, ...lines.map(([name]) => name.length)));
  return lines
    .map(([name, about]) =>
      name.length > width
        ? `  ${name}\n  ${' '.repeat(width)}  ${about}`
        : `  ${name.padEnd(width)}  ${about}`,
    )
    .join('\n');
}

/** Completion of groups and commands, for bash. */
export function completion({ groups, commands }: Commands): string {
  const cases = groups.map(({ name }) => {
    const own = commands.filter(({ group }) => group === name).map((one) => one.name);
    return `    ${name}) words="${own.join(' ')}" ;;`;
  });
  return `_danubectl() {
  local words=""
  if [ "$COMP_CWORD" = 1 ]; then words="${groups.map(({ name }) => name).join(' ')} login logout completion"
  elif [ "$COMP_CWORD" = 2 ]; then case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _danubectl danubectl`;
}
