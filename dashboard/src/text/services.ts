/** What the settings of databases and caches say that servers do not have. */
export const serviceText = {
  storage: 'Storage',
  storageAbout: 'It can grow at any time, and never shrinks.',
  sizeGb: 'Size in GB',
  grows: 'Grow by itself',
  growsAbout: 'Before the storage is full, it is made larger.',
  threshold: 'When it is full by, in per cent',
  increment: 'Each time by, in GB',
  parameters: 'Parameters of the engine',
  parametersAbout: 'Those of the group count where none is set here.',
  groupsLink: 'Parameter groups',
  group: 'Parameter group',
  noGroup: 'None',
  groupHint: 'Settings that several databases or caches share.',
  groupOfTeam: 'As the team has chosen for this engine',
};
