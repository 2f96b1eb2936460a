import type { components } from '@danube/client/schema';
import { firewallText as text } from '../text/firewalls.ts';
import { Badge, type Tone } from '../ui/badge.tsx';

export type Firewall = components['schemas']['Firewall'];
export type Rule = components['schemas']['FirewallRule'];

const TONES: Record<string, Tone> = { draft: 'idle', active: 'good', applying: 'busy', error: 'bad' };

export function FirewallStatus({ firewall: { status } }: { firewall: Firewall }) {
  return <Badge tone={TONES[status] ?? 'idle'}>{text.states[status] ?? status}</Badge>;
}
