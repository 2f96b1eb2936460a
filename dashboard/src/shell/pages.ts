import {
  Activity,
  Archive,
  Bell,
  BellRing,
  Boxes,
  Building,
  Camera,
  CircleUser,
  Database,
  Disc3,
  HeartPulse,
  KeyRound,
  KeySquare,
  LayoutDashboard,
  ListChecks,
  type LucideIcon,
  Megaphone,
  Receipt,
  ScrollText,
  Server,
  Settings,
  Shield,
  SlidersHorizontal,
  Tag,
  TriangleAlert,
  Users,
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
  {
    title: groups.people,
    pages: [
      { to: '/team', label: pages.team, icon: Users },
      { to: '/tokens', label: pages.tokens, icon: KeySquare },
      { to: '/costs', label: pages.costs, icon: Receipt },
    ],
  },
];

/** The pages of operators, at the end of the navigation. */
export const OPERATOR_PAGES: readonly NavigationPage[] = [
  { to: '/operator', label: pages.install, icon: HeartPulse },
  { to: '/operator/accounts', label: pages.accounts, icon: CircleUser },
  { to: '/operator/teams', label: pages.teams, icon: Building },
  { to: '/operator/plans', label: pages.plans, icon: Tag },
  { to: '/operator/costs', label: pages.allCosts, icon: Receipt },
  { to: '/operator/images', label: pages.images, icon: Disc3 },
  { to: '/operator/operations', label: pages.troubles, icon: TriangleAlert },
  { to: '/operator/announcements', label: pages.announcements, icon: Megaphone },
  { to: '/operator/audit', label: pages.installAudit, icon: ScrollText },
];

/** All groups that somebody sees. */
export const navigationOf = (account: { operator?: boolean } | undefined) =>
  account?.operator ? [...NAVIGATION, { title: groups.install, pages: OPERATOR_PAGES }] : NAVIGATION;

export const SETTINGS: NavigationPage = { to: '/settings', label: pages.settings, icon: Settings };
