import { createFileRoute } from '@tanstack/react-router';
import { PlansPage } from '../../../operator/plans-page.tsx';

export const Route = createFileRoute('/_console/operator/plans')({ component: PlansPage });
