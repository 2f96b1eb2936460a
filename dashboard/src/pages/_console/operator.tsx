import { createFileRoute } from '@tanstack/react-router';
import { OperatorFrame } from '../../operator/operator-frame.tsx';

export const Route = createFileRoute('/_console/operator')({ component: OperatorFrame });
