export interface KindText {
  title: string;
  noun: string;
  about: string;
  emptyTitle: string;
  emptyAbout: string;
  create: string;
  /** What is lost with it. */
  deleteAbout: string;
}

export const kindTexts: Record<'vps' | 'database' | 'cache', KindText> = {
  vps: {
    title: 'VPS',
    noun: 'server',
    about: 'Virtual servers with root access.',
    emptyTitle: 'No servers yet',
    emptyAbout: 'A server is ready for SSH seconds after you create it.',
    create: 'Create server',
    deleteAbout: 'The server, its disk and its snapshots are deleted. Nobody can bring them back.',
  },
  database: {
    title: 'Databases',
    noun: 'database',
    about: 'PostgreSQL, MySQL and MariaDB, run for you.',
    emptyTitle: 'No databases yet',
    emptyAbout: 'Choose an engine and a size. TLS, daily snapshots and a firewall come with it.',
    create: 'Create database',
    deleteAbout: 'The database, all its data and its snapshots are deleted. Nobody can bring them back.',
  },
  cache: {
    title: 'Caches',
    noun: 'cache',
    about: 'Redis and Valkey, run for you.',
    emptyTitle: 'No caches yet',
    emptyAbout: 'Choose an engine and a size. TLS, daily snapshots and a firewall come with it.',
    create: 'Create cache',
    deleteAbout: 'The cache, all its data and its snapshots are deleted. Nobody can bring them back.',
  },
};
