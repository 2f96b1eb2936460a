export const auditText = {
  title: 'Audit log',
  about: 'Who changed what, and what was refused. For admins of the team.',
  when: 'When',
  who: 'Who',
  what: 'What',
  resource: 'Resource',
  outcome: 'Outcome',
  states: { done: 'Done', refused: 'Refused', failed: 'Failed' } as Record<string, string>,
  all: 'All outcomes',
  danube: 'Danube',
  emptyTitle: 'Nothing yet',
  emptyAbout: 'Every change of the team will be here.',
};
