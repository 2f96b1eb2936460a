const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'short' });

/** What the graphs of instances say. Metrics without a name here are not shown. */
export const metricsText = {
  title: 'Graphs',
  range: 'Time',
  ranges: { '1h': 'Last hour', '6h': 'Last 6 hours', '24h': 'Last day', '7d': 'Last week' } as Record<
    string,
    string
  >,
  zoomHint: 'Draw over a graph to look closer.',
  chosen: ({ from, to }: { from: number; to: number }) => `${TIME.format(from)} – ${TIME.format(to)}`,
  none: 'No measurements in this time.',
  now: 'now',
  names: {
    cpu_usage: 'Processor',
    memory_usage: 'Memory',
    disk_usage: 'Disk',
    network_receive_rate: 'Network in',
    network_transmit_rate: 'Network out',
    disk_read_rate: 'Disk reads',
    disk_write_rate: 'Disk writes',
    db_connections: 'Connections',
    db_queries_per_second: 'Queries a second',
    cache_connections: 'Connections',
    cache_ops_per_second: 'Commands a second',
    cache_hit_ratio: 'Hit ratio',
  } as Record<string, string>,
};
