export const auditText = {
  title: 'Audit log',
  about: 'Who changed what, and what was refused. For admins of the team.',
  save: 'Save the whole log',
  when: 'When',
  who: 'Who',
  what: 'What',
  resource: 'Resource',
  outcome: 'Outcome',
  states: { done: 'Done', refused: 'Refused', failed: 'Failed' } as Record<string, string>,
  all: 'All outcomes',
  danube: 'Danube',
  /** "Create SSH key" for `createSshKey`: what the API calls it, in words. */
  action: (name: string) => {
    const words = name
      .replaceAll(/([A-Z])/g, ' $1')
      .toLowerCase()
      .replaceAll(/\b(vps|ssh|api)\b/g, (word) => word.toUpperCase());
    return words.charAt(0).toUpperCase() + words.slice(1);
  },
  emptyTitle: 'Nothing yet',
  emptyAbout: 'Every change of the team will be here.',
};
