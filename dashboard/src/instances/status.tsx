import { Badge, type Tone } from '../ui/badge.tsx';
import type { Instance } from './kinds.ts';

const TONES: Record<string, Tone> = {
  healthy: 'good',
  progressing: 'busy',
  stopped: 'idle',
  unhealthy: 'bad',
};

/** The state of an instance in a word. */
export function InstanceStatus({ instance }: { instance: Instance }) {
  const { status_label, status_details } = instance;
  return <Badge tone={TONES[status_details.health] ?? 'idle'}>{status_label}</Badge>;
}
