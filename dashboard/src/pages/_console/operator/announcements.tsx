import { createFileRoute } from '@tanstack/react-router';
import { AnnouncementsPage } from '../../../operator/announcements-page.tsx';

export const Route = createFileRoute('/_console/operator/announcements')({ component: AnnouncementsPage });
