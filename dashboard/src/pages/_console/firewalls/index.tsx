import { createFileRoute } from '@tanstack/react-router';
import { FirewallsPage } from '../../../firewalls/firewalls-page.tsx';

export const Route = createFileRoute('/_console/firewalls/')({ component: FirewallsPage });
