export const overviewText = {
  title: 'Overview',
  running: (count: number, total: number) => (total === 0 ? 'none yet' : `${count} of ${total} running`),
  cost: 'Cost a month',
  costAbout: 'of all servers, databases and caches',
  attention: 'Needs attention',
  allWell: 'Everything is as it should be',
  allWellAbout:
    'Whatever needs your attention will be here: failed operations, engines that do not answer, restore drills that failed.',
  recent: 'Recent events',
  noEvents: 'Nothing has happened yet',
  noEventsAbout: 'Whatever happens to your resources will be here.',
  all: 'All events',
  failed: (kind: string) => `${kind}: failed`,
  operations: 'All operations',
  look: 'Look into it',
};
