import { Type } from 'typebox';
import { Component, Enum, Int, Nullable, Obj, Timestamp } from '../../http/schema.ts';
import { Decimal } from '../../instances/schema.ts';

const Figure = (example: number, description?: string) =>
  Nullable(Type.Number({ minimum: 0, example, ...(description === undefined ? {} : { description }) }));

const Used = (used: number, total: number) =>
  Obj({
    used_gb: Figure(used),
    total_gb: Decimal(total),
    usage_percent: Figure((used / total) * 100),
  });

export const VpsMetrics = Component('VpsMetrics', {
  cpu: Obj({
    usage_percent: Figure(12.5, 'Of all its processors together.'),
    cores: Int(2),
    sockets: Int(1),
    threads: Int(2),
  }),
  memory: Used(0.5, 2),
  storage: Used(4, 40),
  network: Obj({
    rx_bytes_per_sec: Figure(1200),
    tx_bytes_per_sec: Figure(3400),
    error_rate: Figure(0, 'Packets that were lost or broken, as a fraction from 0 to 1.'),
    status: Nullable(
      Enum(['Healthy', 'Warning', 'Critical'], {
        description: 'From 1 % on `Warning`, from 5 % on `Critical`.',
      }),
    ),
  }),
  uptime_seconds: Nullable(Int(3600)),
  timestamp: Nullable(Timestamp('When it was asked for; null where nothing was measured.')),
});
