const KINDS: Record<string, string> = {
  create: 'Create',
  start: 'Start',
  stop: 'Stop',
  'force-stop': 'Stop by force',
  reboot: 'Reboot',
  reinstall: 'Reinstall',
  update: 'Change settings',
  rotate: 'Change the password',
  publish: 'Change reachability',
  snapshot: 'Take a snapshot',
  restore: 'Restore',
  verify: 'Restore drill',
  apply: 'Apply the firewall',
  delete: 'Delete',
};

export const operationsText = {
  title: 'Operations',
  about: 'Work that was asked for, what it is doing, and how it ended.',
  kind: (kind: string) => KINDS[kind.replaceAll('_', '-')] ?? kind,
  atWork: 'Work is under way',
  progress: 'Progress',
  waiting: (kinds: readonly string[]) => `Then: ${kinds.join(', ')}.`,
  all: 'All',
  states: { queued: 'Queued', running: 'Running', succeeded: 'Succeeded', failed: 'Failed' } as Record<
    string,
    string
  >,
  operation: 'Operation',
  resource: 'Resource',
  state: 'State',
  began: 'Accepted',
  took: 'Took',
  emptyTitle: 'No operations',
  emptyAbout: 'Create, start or change something, and its progress is here.',
  seconds: (seconds: number) =>
    seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`,
};
