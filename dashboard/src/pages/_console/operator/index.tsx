import { createFileRoute } from '@tanstack/react-router';
import { InstallPage } from '../../../operator/install-page.tsx';

export const Route = createFileRoute('/_console/operator/')({ component: InstallPage });
