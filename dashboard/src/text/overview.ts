export const overviewText = {
  title: 'Overview',
  running: (count: number, total: number) => (total === 0 ? 'none yet' : `${count} of ${total} running`),
  cost: 'Cost a month',
  costAbout: 'of all servers, databases and caches',
  attention: 'Needs attention',
  attentionAbout:
    'Instances that are not well, operations and restore drills that failed in the last week, as soon as there are any.',
  allWell: 'Everything is as it should be',
  recent: 'Recent events',
  noEvents: 'Nothing has happened yet',
  noEventsAbout: 'Whatever happens to your resources will be here.',
  all: 'All events',
  failed: (kind: string) => `${kind}: failed`,
  operations: 'All operations',
  look: 'Look into it',
};
