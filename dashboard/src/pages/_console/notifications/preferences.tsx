import { createFileRoute } from '@tanstack/react-router';
import { PreferencesPage } from '../../../notifications/preferences-page.tsx';

export const Route = createFileRoute('/_console/notifications/preferences')({ component: PreferencesPage });
