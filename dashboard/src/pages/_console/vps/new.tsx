import { createFileRoute } from '@tanstack/react-router';
import { CreateVps } from '../../../instances/create-vps.tsx';

export const Route = createFileRoute('/_console/vps/new')({ component: CreateVps });
