import { createFileRoute } from '@tanstack/react-router';
import { TeamPage } from '../../../team/team-page.tsx';

export const Route = createFileRoute('/_console/team/')({ component: TeamPage });
