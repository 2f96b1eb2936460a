import { createFileRoute } from '@tanstack/react-router';
import { NewTeamPage } from '../../../team/new-team-page.tsx';

export const Route = createFileRoute('/_console/team/new')({ component: NewTeamPage });
