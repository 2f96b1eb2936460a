import { createFileRoute } from '@tanstack/react-router';
import { ParameterGroupsPage } from '../../parameter-groups/parameter-groups-page.tsx';

export const Route = createFileRoute('/_console/parameter-groups')({ component: ParameterGroupsPage });
