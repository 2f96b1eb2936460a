import {
  Activity,
  Archive,
  Bell,
  BellRing,
  Boxes,
  Camera,
  Database,
  KeyRound,
  LayoutDashboard,
  ListChecks,
  type LucideIcon,
  ScrollText,
  Server,
  Settings,
  Shield,
  SlidersHorizontal,
  Webhook,
} from 'lucide-react';
import { shell } from '../text/shell.ts';

const { pages, groups } = shell;

export interface NavigationPage {
  to: string;
  label: string;
  icon: LucideIcon;
}

/** The navigation, in groups. A new area is a line here and a folder of pages. */
export const NAVIGATION: readonly { title: string | null; pages: readonly NavigationPage[] }[] = [
  { title: null, pages: [{ to: '/', label: pages.overview, icon: LayoutDashboard }] },
  {
    title: groups.resources,
    pages: [
      { to: '/vps', label: pages.vps, icon: Server },
      { to: '/databases', label: pages.databases, icon: Database },
      { to: '/caches', label: pages.caches, icon: Boxes },
      { to: '/object-storage', label: pages.storage, icon: Archive },
      { to: '/parameter-groups', label: pages.parameterGroups, icon: SlidersHorizontal },
      { to: '/snapshots', label: pages.snapshots, icon: Camera },
    ],
  },
  {
    title: groups.network,
    pages: [
      { to: '/firewalls', label: pages.firewalls, icon: Shield },
      { to: '/ssh-keys', label: pages.sshKeys, icon: KeyRound },
    ],
  },
  {
    title: groups.activity,
    pages: [
      { to: '/alerts', label: pages.alerts, icon: BellRing },
      { to: '/notifications', label: pages.notifications, icon: Bell },
      { to: '/events', label: pages.events, icon: Activity },
      { to: '/operations', label: pages.operations, icon: ListChecks },
      { to: '/audit', label: pages.audit, icon: ScrollText },
      { to: '/webhooks', label: pages.webhooks, icon: Webhook },
    ],
  },
];

export const SETTINGS: NavigationPage = { to: '/settings', label: pages.settings, icon: Settings };
