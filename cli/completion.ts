import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command by its words, `jobs ls`, and what may follow them. */
interface Place {
  path: string;
  commands: { name: string; about: string }[];
  options: { name: string; about: string; takesValue: boolean }[];
}

/** A script for a shell, made from the commands themselves. */
export function completionFor(shell: Shell, program: Command): string {
  const places = placesOf(program, []);
  return { bash, zsh, fish }[shell](places);
}

function placesOf(command: Command, words: readonly string[]): Place[] {
  const { commands } = command;
  const options = [...command.options, ...(words.length > 0 ? (rootOf(command).options ?? []) : [])];
  const own: Place = {
    path: words.join(' '),
    commands: commands.map((each) => ({ name: each.name(), about: each.summary() || each.description() })),
    options: options.map(({ long, short, description, required, optional }) => ({
      name: long ?? short ?? '',
      about: description,
      takesValue: required || optional,
    })),
  };
  return [own, ...commands.flatMap((each) => placesOf(each, [...words, each.name()]))];
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command;
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ path, commands, options }) => {
    const words = [...commands.map(({ name }) => name), ...options.map(({ name }) => name), '--help'];
    return `    '${path}') words='${words.join(' ')}' ;;`;
  });
  return filled(BASH, places, cases);
}

function filled(script: string, places: readonly Place[], cases: readonly string[]): string {
  const known = places.map(({ path }) => `'${path}'`).join('|');
  return script.replace('KNOWN', known).replace('CASES', () => cases.join('\n'));
}

// The longest sequence of words that is a command says what may follow; what stands between are values.
const BASH = `_inferq() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' next word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in KNOWN) path=$next ;; esac
  done
  case "$path" in
CASES
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _inferq inferq
`;

function zsh(places: readonly Place[]): string {
  const described = (each: Place['commands']): string =>
    each.map(({ name, about }) => singleQuoted(`${name}:${about}`)).join(' ');
  const cases = places.map(
    ({ path, commands, options }) =>
      `    '${path}') commands=(${described(commands)}) options=(${described(options)}) ;;`,
  );
  return filled(ZSH, places, cases);
}

const ZSH = `_inferq() {
  local place='' next word
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${place:+$place }$word"
    case "$next" in KNOWN) place=$next ;; esac
  done
  case "$place" in
CASES
  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o option options
  elif (( $#commands )); then
    _describe command commands
  else
    _files
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _inferq inferq
`;

/** As bash and zsh read it. */
function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const here =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    const missing = commands.map(({ name }) => name).join(' ');
    const unnamed =
      path === '' || missing === '' ? here : `${here}; and not __fish_seen_subcommand_from ${missing}`;
    return [
      ...commands.map(
        ({ name, about }) => `complete -c inferq -f -n '${unnamed}' -a ${name} -d ${quoted(about)}`,
      ),
      ...options.map(
        ({ name, about, takesValue }) =>
          `complete -c inferq -n '${here}' -l ${name.replace(/^-+/, '')}${takesValue ? ' -r' : ''} -d ${quoted(about)}`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
