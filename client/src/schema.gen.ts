// Generated from openapi/v1.json by `npm run generate`.
export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check health
         * @description Says whether the database and the engine answer. Needs no token and is never refused for its rate.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List teams
         * @description Lists the teams that the token’s account is a member of, and says which one requests act on. Any valid token will do.
         */
        get: operations["listTeams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ssh-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List SSH keys
         * @description Lists the team’s SSH keys, newest first. Needs the scope `ssh-key:read`.
         */
        get: operations["listSshKeys"];
        put?: never;
        /**
         * Add an SSH key
         * @description Adds a public key that VPS can be created with. Each key can be in a team once. Needs the scope `ssh-key:write`.
         */
        post: operations["createSshKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ssh-keys/{sshKey}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an SSH key
         * @description Shows one of the team’s SSH keys. Needs the scope `ssh-key:read`.
         */
        get: operations["getSshKey"];
        put?: never;
        post?: never;
        /**
         * Delete an SSH key
         * @description Deletes the key. Instances that were created with it keep it. Needs the scope `ssh-key:delete`.
         */
        delete: operations["deleteSshKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List VPS
         * @description The servers of the team, newest first. Needs the scope `vps:read`.
         */
        get: operations["listVps"];
        put?: never;
        /**
         * Create a VPS
         * @description Answers at once; the server is ready when its `status` is `running`, which means that SSH answers. Needs the scope `vps:write`.
         */
        post: operations["createVps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List images
         * @description Operating systems that a VPS can start from. Needs the scope `vps:read`.
         */
        get: operations["listVpsImages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/images/grouped": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List images by distribution
         * @description The same images, grouped by distribution. Needs the scope `vps:read`.
         */
        get: operations["listVpsImagesGrouped"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List plans
         * @description Sizes and prices, excluding taxes. Disk sizes are quotas, thinly provisioned. Needs the scope `vps:read`.
         */
        get: operations["listVpsPlans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a VPS
         * @description One server with its addresses and cost. Needs the scope `vps:read`.
         */
        get: operations["getVps"];
        /**
         * Update a VPS
         * @description Changes plan or settings. A plan changes without a restart; its disk may grow, never shrink. Needs the scope `vps:write`.
         */
        put: operations["updateVps"];
        post?: never;
        /**
         * Delete a VPS
         * @description Deletes a stopped server with its disk. It is 404 once gone. Needs the scope `vps:delete`.
         */
        delete: operations["deleteVps"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the status
         * @description The cheap question to ask while waiting; every 5 seconds is enough. Needs the scope `vps:read`.
         */
        get: operations["getVpsStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the root password
         * @description The console password. SSH accepts it only where `auth_method` is `password`. Needs `vps:write`, since it gives full control of the server. Needs the scope `vps:write`.
         */
        get: operations["getVpsPassword"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a VPS
         * @description Starts a stopped server. Behind an operation that is still at work it waits its turn. Needs the scope `vps:write`.
         */
        post: operations["startVps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a VPS
         * @description Asks the guest to shut down; after 30 seconds it is switched off. Needs the scope `vps:write`.
         */
        post: operations["stopVps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/reboot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reboot a VPS
         * @description Stops and starts the server. Needs the scope `vps:write`.
         */
        post: operations["rebootVps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/reinstall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reinstall a VPS
         * @description Replaces the disk by a fresh system. Id, name, addresses and password stay. Needs the scope `vps:write`.
         */
        post: operations["reinstallVps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operations/{operation}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an operation
         * @description Shows how far asynchronous work is: its state, per cent, step, and error once it failed. Needs the scope `vps:read`.
         */
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            /**
             * @description What is wrong and what to do.
             * @example The name field is required.
             */
            message: string;
            /**
             * @description Stable name of the error.
             * @example validation_failed
             * @enum {string}
             */
            code: "bad_request" | "unauthenticated" | "missing_scope" | "team_forbidden" | "not_found" | "method_not_allowed" | "idempotency_conflict" | "payload_too_large" | "unsupported_media_type" | "validation_failed" | "invalid_state" | "quota_exceeded" | "not_available" | "rate_limited" | "internal" | "unavailable";
            /**
             * @description Names this request in the server’s log.
             * @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19
             */
            request_id: string;
            /**
             * @description Page about the error.
             * @example https://cloud.example.org/docs/errors/validation_failed
             */
            docs: string;
            /**
             * @description Sentences per field.
             * @example {
             *       "name": [
             *         "The name field is required."
             *       ]
             *     }
             */
            errors?: {
                [key: string]: string[];
            };
            /**
             * @description On a wrong state: the same as `code`.
             * @example invalid_state
             */
            error?: string;
            /**
             * @description On a wrong state: the present one.
             * @example stopped
             */
            status?: string;
            /**
             * Format: int32
             * @description When to try again, in seconds.
             * @example 12
             */
            retry_after?: number;
            /**
             * @description The scope that the token lacks.
             * @example ssh-key:write
             */
            required_scope?: string;
            /**
             * @description The quota that is reached.
             * @example ssh_key
             */
            quota?: string;
            /**
             * Format: int32
             * @description What the quota allows.
             * @example 25
             */
            limit?: number;
            /**
             * Format: int32
             * @description How much of the quota is in use.
             * @example 25
             */
            used?: number;
        };
        Health: {
            /**
             * @description `ok` when every part answers.
             * @example ok
             * @enum {string}
             */
            status: "ok" | "unavailable";
            /** @example All parts answer. */
            message: string;
            /**
             * @description Version of Danube.
             * @example 0.1.0
             */
            version: string;
            /**
             * @example ok
             * @enum {string}
             */
            database: "ok" | "unavailable";
            /**
             * @example ok
             * @enum {string}
             */
            engine: "ok" | "unavailable";
            /**
             * @description `sim`: instances are only simulated.
             * @example incus
             * @enum {string|null}
             */
            engine_name: "incus" | "sim" | null;
            /** @example 6.0.4 */
            engine_version: string | null;
            /**
             * @description What an instance is on this install.
             * @example container
             * @enum {string|null}
             */
            virtualization: "container" | "virtual-machine" | null;
            /**
             * @description True where no real instances are made.
             * @example false
             */
            simulated: boolean;
        };
        Team: {
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /** @example Personal */
            name: string;
            /**
             * @description Whether this is the account holder’s own team.
             * @example true
             */
            personal_team: boolean;
            /**
             * @description Namespace in the container registry; null where there is none.
             * @example team-1
             */
            registry_namespace: string | null;
        };
        SshKey: {
            /**
             * Format: int64
             * @example 12
             */
            id: number;
            /** @example laptop */
            name: string;
            /**
             * @description As `ssh-keygen -lf` prints it.
             * @example SHA256:fEsqIO6/OncoHdyyb00vaKadCPGSGsmevgjNsNU5bHE
             */
            fingerprint: string;
            /** @example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop */
            public_key: string;
            /**
             * @description Whether this is the team’s default key.
             * @example false
             */
            is_default: boolean;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string;
            /**
             * Format: int64
             * @example 1
             */
            team_id: number;
            /**
             * Format: int64
             * @description The account that added the key.
             * @example 1
             */
            user_id: number;
        };
        Pagination: {
            /**
             * Format: int32
             * @example 1
             */
            current_page: number;
            /**
             * Format: int32
             * @example 1
             */
            last_page: number;
            /**
             * Format: int32
             * @example 15
             */
            per_page: number;
            /**
             * Format: int32
             * @example 1
             */
            total: number;
        };
        Vps: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example web-1 */
            name: string;
            /**
             * @example running
             * @enum {string}
             */
            status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
            /**
             * @description The status in words.
             * @example Running
             */
            status_label: string;
            status_details: components["schemas"]["StatusDetails"];
            capabilities: components["schemas"]["Capabilities"];
            /**
             * @description A name that `GET /vps/plans` lists.
             * @example nano_shared
             */
            resource_profile: string;
            /**
             * @example shared
             * @enum {string}
             */
            cpu_allocation_type: "shared" | "dedicated";
            /**
             * Format: int32
             * @example 2
             */
            cpu_cores: number;
            /** @example 2 */
            memory_size_gb: number;
            /**
             * Format: int32
             * @example 40
             */
            storage_size_gb: number;
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            image: string;
            /** @example fsn1 */
            datacenter: string;
            /**
             * @example dual_stack
             * @enum {string}
             */
            network_stack: "dual_stack" | "ipv4_only" | "ipv6_only";
            /**
             * @example ssh_key
             * @enum {string}
             */
            auth_method: "ssh_key" | "password";
            /**
             * Format: ipv4
             * @example 10.64.0.10
             */
            public_ip: string | null;
            /**
             * Format: ipv6
             * @example fd2a:41c0:77e1::a
             */
            ipv6_address: string | null;
            /** @example https://example.org/console */
            vnc_access_url: string | null;
            /**
             * Format: int32
             * @example 449
             */
            monthly_cost_cents: number;
            /** @example 4.49 */
            monthly_cost_dollars: number;
            /**
             * @description Start again after a restart of the host.
             * @example true
             */
            auto_start: boolean;
            /**
             * @description Backups are wanted.
             * @example true
             */
            backup_enabled: boolean;
            /**
             * @description Metrics are kept.
             * @example true
             */
            monitoring_enabled: boolean;
            /**
             * @description A snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled: boolean;
            /**
             * Format: date-time
             * @description When the server ran for the first time.
             * @example 2026-01-15T09:30:00.000Z
             */
            deployed_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string;
            /**
             * Format: int64
             * @example 1
             */
            team_id: number;
            /**
             * Format: int64
             * @example 1
             */
            user_id: number;
            /**
             * Format: int64
             * @example 12
             */
            ssh_key_id: number | null;
            /**
             * @description Whether `start` is accepted now.
             * @example true
             */
            can_be_started: boolean;
            /**
             * @description Whether `stop` is accepted now.
             * @example true
             */
            can_be_stopped: boolean;
            /**
             * @description Whether `reboot` is accepted now.
             * @example true
             */
            can_be_rebooted: boolean;
            /**
             * @description Whether deletion is accepted now.
             * @example true
             */
            can_be_destroyed: boolean;
        };
        StatusDetails: {
            /** @example The server is running. */
            summary: string;
            /**
             * @example healthy
             * @enum {string}
             */
            health: "healthy" | "progressing" | "stopped" | "unhealthy";
            /**
             * Format: date-time
             * @description When the data plane was last compared with this status.
             * @example 2026-01-15T09:30:00.000Z
             */
            observed_at: string | null;
            /**
             * @description True when it was not compared for over a minute.
             * @example false
             */
            stale: boolean;
            operation: {
                /**
                 * @example succeeded
                 * @enum {string}
                 */
                state: "succeeded" | "running" | "failed";
                /**
                 * @description True when nothing is under way.
                 * @example true
                 */
                terminal: boolean;
            };
            error: {
                /** @example image_build_failed */
                code: string;
                /** @example engine */
                source: string | null;
                resource: {
                    /** @example vps */
                    kind: string | null;
                    /** @example web-1 */
                    name: string | null;
                } | null;
                /** @example image_build_failed */
                reason: string | null;
                /** @example The image could not be built. */
                message: string | null;
                /**
                 * @description True when trying again can help.
                 * @example true
                 */
                retryable: boolean;
                /**
                 * Format: date-time
                 * @example 2026-01-15T09:30:00.000Z
                 */
                observed_at: string | null;
            } | null;
        };
        Capabilities: {
            /**
             * @description Whether `logs` answers.
             * @example true
             */
            logs: boolean;
            /** @example true */
            events: boolean;
            /** @example true */
            diagnose: boolean;
            /** @example false */
            build_logs: boolean;
        };
        /**
         * @example {
         *       "name": "web-1",
         *       "image": "debian-12",
         *       "datacenter": "fsn1",
         *       "resource_profile": "nano_shared",
         *       "network_stack": "dual_stack",
         *       "auth_method": "ssh_key",
         *       "ssh_key_id": 12,
         *       "configuration": {
         *         "auto_start": true
         *       },
         *       "custom_cloud_init": "#cloud-config\npackages: [nginx]\n"
         *     }
         */
        CreateVps: {
            /**
             * @description Lower-case letters, digits and hyphens. The first 63 characters are the host name.
             * @example web-1
             */
            name: string;
            /**
             * @description A name that `GET /vps/plans` lists.
             * @example nano_shared
             */
            resource_profile?: string;
            /**
             * @example shared
             * @enum {string|null}
             */
            cpu_allocation_type?: "shared" | "dedicated" | null;
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            image: string;
            /**
             * @example dual_stack
             * @enum {string|null}
             */
            network_stack?: "dual_stack" | "ipv4_only" | "ipv6_only" | null;
            /** @example fsn1 */
            datacenter: string;
            /**
             * @description How root logs in over SSH.
             * @example ssh_key
             * @enum {string}
             */
            auth_method: "ssh_key" | "password";
            /**
             * Format: int64
             * @description Needed with `auth_method` `ssh_key`.
             * @example 12
             */
            ssh_key_id?: number | null;
            /**
             * Format: password
             * @description Needed with `auth_method` `password`: at least 12 characters, on one line.
             * @example correct horse battery
             */
            password?: string | null;
            /**
             * Format: password
             * @example correct horse battery
             */
            password_confirmation?: string | null;
            configuration?: {
                /**
                 * @description Start again after a restart of the host.
                 * @example true
                 */
                auto_start?: boolean;
                /**
                 * @description Backups are wanted.
                 * @example true
                 */
                backup_enabled?: boolean;
                /**
                 * @description Metrics are kept.
                 * @example true
                 */
                monitoring_enabled?: boolean;
            };
            /**
             * @description cloud-init user-data: `#cloud-config` YAML or a script that begins with `#!`. Merged after ours.
             * @example #cloud-config
             *     packages: [nginx]
             */
            custom_cloud_init?: string | null;
            /**
             * Format: int64
             * @description Not offered on this install: leave it out.
             * @example 1
             */
            marketplace_app_id?: number | null;
            /**
             * @description Not offered: leave it out.
             * @example XXXXX
             */
            windows_license_key?: string | null;
        };
        VpsImage: {
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            id: string;
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            image: string;
            /** @example Debian 12 */
            label: string;
            /** @example Debian 12 "bookworm". */
            description: string;
            /** @example 12 */
            version: string;
            /** @example debian */
            family: string | null;
            /**
             * @example root
             * @enum {string}
             */
            default_user: "root";
            /**
             * @description False when this install cannot provide it now.
             * @example true
             */
            available: boolean;
            /** @example The image server does not answer. */
            unavailable_reason: string | null;
            /** @example debian */
            distro: string;
        };
        VpsGroupedImage: {
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            id: string;
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            image: string;
            /** @example Debian 12 */
            label: string;
            /** @example Debian 12 "bookworm". */
            description: string;
            /** @example 12 */
            version: string;
            /** @example debian */
            family: string | null;
            /**
             * @example root
             * @enum {string}
             */
            default_user: "root";
            /**
             * @description False when this install cannot provide it now.
             * @example true
             */
            available: boolean;
            /** @example The image server does not answer. */
            unavailable_reason: string | null;
        };
        VpsPlan: {
            /**
             * @description A name that `GET /vps/plans` lists.
             * @example nano_shared
             */
            name: string;
            /**
             * @description A name that `GET /vps/plans` lists.
             * @example nano_shared
             */
            resource_profile: string;
            /**
             * @example shared
             * @enum {string}
             */
            cpu_allocation_type: "shared" | "dedicated";
            /**
             * Format: int32
             * @example 2
             */
            cpu_cores: number;
            /** @example 2 */
            memory_size_gb: number;
            /**
             * Format: int32
             * @example 40
             */
            storage_size_gb: number;
            /**
             * Format: int32
             * @example 449
             */
            monthly_cost_cents: number;
            /** @example 4.49 */
            monthly_cost_dollars: number;
            /**
             * @example EUR
             * @enum {string}
             */
            currency: "EUR";
        };
        UpdateVps: {
            /**
             * @example shared
             * @enum {string}
             */
            cpu_allocation_type?: "shared" | "dedicated";
            /**
             * @description A name that `GET /vps/plans` lists.
             * @example nano_shared
             */
            resource_profile?: string | null;
            configuration?: {
                /**
                 * @description Start again after a restart of the host.
                 * @example true
                 */
                auto_start?: boolean;
                /**
                 * @description Backups are wanted.
                 * @example true
                 */
                backup_enabled?: boolean;
                /**
                 * @description Metrics are kept.
                 * @example true
                 */
                monitoring_enabled?: boolean;
            };
            /**
             * @description Take a snapshot every day.
             * @example true
             */
            automated_snapshots_enabled?: boolean;
        };
        ReinstallVps: {
            /**
             * @description A name that `GET /vps/images` lists.
             * @example debian-12
             */
            image: string;
            /**
             * @description cloud-init user-data: `#cloud-config` YAML or a script that begins with `#!`. Merged after ours.
             * @example #cloud-config
             *     packages: [nginx]
             */
            custom_cloud_init?: string | null;
        };
        Operation: {
            /**
             * Format: uuid
             * @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19
             */
            operation_id: string;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            resource_id: string;
            /** @example vps */
            resource_type: string;
            /** @example create */
            kind: string;
            /**
             * @example queued
             * @enum {string}
             */
            state: "queued" | "running" | "succeeded" | "failed";
            /**
             * @description Whether the state is final.
             * @example false
             */
            terminal: boolean;
            /**
             * Format: int32
             * @description When asking again makes sense, in milliseconds; 0 once terminal.
             * @example 1000
             */
            poll_after_ms: number;
            /**
             * Format: int32
             * @example 0
             */
            percent: number;
            /**
             * @description What it is doing.
             * @example Starting the instance
             */
            step: string | null;
            /**
             * @description Always null: instances have no revisions.
             * @example v1
             */
            revision: string | null;
            /**
             * @description Always null: instances have no revisions.
             * @example v1
             */
            knative_revision: string | null;
            /**
             * @description Always null for instances.
             * @example debian-12
             */
            image: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            finished_at: string | null;
            error: {
                /** @example image_unavailable */
                code: string;
                /** @example The image cannot be fetched at the moment. */
                message: string;
                /**
                 * @description Whether the same request may work later.
                 * @example true
                 */
                retryable: boolean;
            } | null;
        };
    };
    responses: {
        /** @description The request is malformed. */
        BadRequest: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The token is missing, unknown, revoked or expired. */
        Unauthenticated: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The token lacks the scope, or may not act for the team. */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description There is no such thing in this team. */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The Idempotency-Key was used for another request. */
        Conflict: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The request body is larger than 1 MB. */
        PayloadTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The request body is not JSON. */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A value is not acceptable, a quota is reached, or the state does not allow it. */
        Unprocessable: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Too many requests in a minute, an hour or a day. */
        RateLimited: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Something went wrong on the server. */
        Internal: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A part that the request needs does not answer at the moment. */
        Unavailable: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description Team that the request acts on, in place of the token’s own. */
        TeamId: number;
        /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description Requests that the tightest window allows.
         * @example 60
         */
        RateLimitLimit: number;
        /**
         * @description Requests left in the tightest window.
         * @example 59
         */
        RateLimitRemaining: number;
        /**
         * @description When that window ends, in Unix seconds.
         * @example 1768469460
         */
        RateLimitReset: number;
        /**
         * @description When to try again, in seconds.
         * @example 12
         */
        RetryAfter: number;
        /**
         * @description Names this request in the server’s log. The client’s own `X-Request-Id`, where it sent one.
         * @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19
         */
        RequestId: string;
        /**
         * @description Pages of any origin may call the API: it never takes cookies, only a token that the page must hold.
         * @example *
         */
        "Access-Control-Allow-Origin": "*";
        /**
         * @description Present when this is the stored answer of an earlier request with the same key.
         * @example true
         */
        IdempotencyReplayed: "true";
        /**
         * @description How to authenticate (RFC 6750).
         * @example Bearer realm="danube"
         */
        WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "message": "All parts answer.",
                     *       "version": "0.1.0",
                     *       "database": "ok",
                     *       "engine": "ok",
                     *       "engine_name": "incus",
                     *       "engine_version": "6.0.4",
                     *       "virtualization": "container",
                     *       "simulated": false
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["Internal"];
            /** @description A part does not answer. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "message": "All parts answer.",
                     *       "version": "0.1.0",
                     *       "database": "ok",
                     *       "engine": "ok",
                     *       "engine_name": "incus",
                     *       "engine_version": "6.0.4",
                     *       "virtualization": "container",
                     *       "simulated": false
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    listTeams: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "id": 1,
                     *           "name": "Personal",
                     *           "personal_team": true,
                     *           "registry_namespace": "team-1"
                     *         }
                     *       ],
                     *       "current_team_id": 1
                     *     }
                     */
                    "application/json": {
                        data: components["schemas"]["Team"][];
                        /**
                         * Format: int64
                         * @description The team that this request acts on.
                         * @example 1
                         */
                        current_team_id: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSshKeys: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
            };
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "id": 12,
                     *           "name": "laptop",
                     *           "fingerprint": "SHA256:fEsqIO6/OncoHdyyb00vaKadCPGSGsmevgjNsNU5bHE",
                     *           "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop",
                     *           "is_default": false,
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "user_id": 1
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1
                     *       }
                     *     }
                     */
                    "application/json": {
                        data: components["schemas"]["SshKey"][];
                        pagination: components["schemas"]["Pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createSshKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "laptop",
                 *       "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop",
                 *       "is_default": false
                 *     }
                 */
                "application/json": {
                    /** @example laptop */
                    name: string;
                    /**
                     * @description One line as in the file ending in `.pub`. Types: ssh-ed25519, ecdsa-sha2-nistp256, -nistp384 and -nistp521, ssh-rsa from 2048 bits, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com.
                     * @example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop
                     */
                    public_key: string;
                    /**
                     * @description Makes it the team’s default key in place of another.
                     * @example false
                     */
                    is_default?: boolean;
                };
            };
        };
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "SSH key added.",
                     *       "key": {
                     *         "id": 12,
                     *         "name": "laptop",
                     *         "fingerprint": "SHA256:fEsqIO6/OncoHdyyb00vaKadCPGSGsmevgjNsNU5bHE",
                     *         "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop",
                     *         "is_default": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @example SSH key added. */
                        message: string;
                        key: components["schemas"]["SshKey"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSshKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path: {
                /**
                 * @description Id of the SSH key.
                 * @example 12
                 */
                sshKey: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key": {
                     *         "id": 12,
                     *         "name": "laptop",
                     *         "fingerprint": "SHA256:fEsqIO6/OncoHdyyb00vaKadCPGSGsmevgjNsNU5bHE",
                     *         "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop",
                     *         "is_default": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       }
                     *     }
                     */
                    "application/json": {
                        key: components["schemas"]["SshKey"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteSshKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the SSH key.
                 * @example 12
                 */
                sshKey: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "SSH key deleted."
                     *     }
                     */
                    "application/json": {
                        /** @example SSH key deleted. */
                        message: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVps: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
            };
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "web-1",
                     *           "status": "running",
                     *           "status_label": "Running",
                     *           "status_details": {
                     *             "summary": "The server is running.",
                     *             "health": "healthy",
                     *             "observed_at": "2026-01-15T09:30:00.000Z",
                     *             "stale": false,
                     *             "operation": {
                     *               "state": "succeeded",
                     *               "terminal": true
                     *             },
                     *             "error": {
                     *               "code": "image_build_failed",
                     *               "source": "engine",
                     *               "resource": {
                     *                 "kind": "vps",
                     *                 "name": "web-1"
                     *               },
                     *               "reason": "image_build_failed",
                     *               "message": "The image could not be built.",
                     *               "retryable": true,
                     *               "observed_at": "2026-01-15T09:30:00.000Z"
                     *             }
                     *           },
                     *           "capabilities": {
                     *             "logs": true,
                     *             "events": true,
                     *             "diagnose": true,
                     *             "build_logs": false
                     *           },
                     *           "resource_profile": "nano_shared",
                     *           "cpu_allocation_type": "shared",
                     *           "cpu_cores": 2,
                     *           "memory_size_gb": 2,
                     *           "storage_size_gb": 40,
                     *           "image": "debian-12",
                     *           "datacenter": "fsn1",
                     *           "network_stack": "dual_stack",
                     *           "auth_method": "ssh_key",
                     *           "public_ip": "10.64.0.10",
                     *           "ipv6_address": "fd2a:41c0:77e1::a",
                     *           "vnc_access_url": "https://example.org/console",
                     *           "monthly_cost_cents": 449,
                     *           "monthly_cost_dollars": 4.49,
                     *           "auto_start": true,
                     *           "backup_enabled": true,
                     *           "monitoring_enabled": true,
                     *           "automated_snapshots_enabled": true,
                     *           "deployed_at": "2026-01-15T09:30:00.000Z",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "user_id": 1,
                     *           "ssh_key_id": 12,
                     *           "can_be_started": true,
                     *           "can_be_stopped": true,
                     *           "can_be_rebooted": true,
                     *           "can_be_destroyed": true
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1
                     *       }
                     *     }
                     */
                    "application/json": {
                        data: components["schemas"]["Vps"][];
                        pagination: components["schemas"]["Pagination"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "web-1",
                 *       "image": "debian-12",
                 *       "datacenter": "fsn1",
                 *       "resource_profile": "nano_shared",
                 *       "network_stack": "dual_stack",
                 *       "auth_method": "ssh_key",
                 *       "ssh_key_id": 12,
                 *       "configuration": {
                 *         "auto_start": true
                 *       },
                 *       "custom_cloud_init": "#cloud-config\npackages: [nginx]\n"
                 *     }
                 */
                "application/json": components["schemas"]["CreateVps"];
            };
        };
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is being created.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "web-1",
                     *         "status": "running",
                     *         "status_label": "Running",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": {
                     *             "code": "image_build_failed",
                     *             "source": "engine",
                     *             "resource": {
                     *               "kind": "vps",
                     *               "name": "web-1"
                     *             },
                     *             "reason": "image_build_failed",
                     *             "message": "The image could not be built.",
                     *             "retryable": true,
                     *             "observed_at": "2026-01-15T09:30:00.000Z"
                     *           }
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "nano_shared",
                     *         "cpu_allocation_type": "shared",
                     *         "cpu_cores": 2,
                     *         "memory_size_gb": 2,
                     *         "storage_size_gb": 40,
                     *         "image": "debian-12",
                     *         "datacenter": "fsn1",
                     *         "network_stack": "dual_stack",
                     *         "auth_method": "ssh_key",
                     *         "public_ip": "10.64.0.10",
                     *         "ipv6_address": "fd2a:41c0:77e1::a",
                     *         "vnc_access_url": "https://example.org/console",
                     *         "monthly_cost_cents": 449,
                     *         "monthly_cost_dollars": 4.49,
                     *         "auto_start": true,
                     *         "backup_enabled": true,
                     *         "monitoring_enabled": true,
                     *         "automated_snapshots_enabled": true,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "ssh_key_id": 12,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_rebooted": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "firewall_created": false,
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is being created. */
                        message: string;
                        instance: components["schemas"]["Vps"];
                        /**
                         * @description Whether a default firewall was made for it.
                         * @example false
                         */
                        firewall_created: boolean;
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsImages: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "images": [
                     *         {
                     *           "id": "debian-12",
                     *           "image": "debian-12",
                     *           "label": "Debian 12",
                     *           "description": "Debian 12 \"bookworm\".",
                     *           "version": "12",
                     *           "family": "debian",
                     *           "default_user": "root",
                     *           "available": true,
                     *           "unavailable_reason": "The image server does not answer.",
                     *           "distro": "debian"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        images: components["schemas"]["VpsImage"][];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsImagesGrouped: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "groups": [
                     *         {
                     *           "distro": "debian",
                     *           "name": "Debian",
                     *           "images": [
                     *             {
                     *               "id": "debian-12",
                     *               "image": "debian-12",
                     *               "label": "Debian 12",
                     *               "description": "Debian 12 \"bookworm\".",
                     *               "version": "12",
                     *               "family": "debian",
                     *               "default_user": "root",
                     *               "available": true,
                     *               "unavailable_reason": "The image server does not answer."
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        groups: {
                            /** @example debian */
                            distro: string;
                            /** @example Debian */
                            name: string;
                            images: components["schemas"]["VpsGroupedImage"][];
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsPlans: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "plans": [
                     *         {
                     *           "name": "nano_shared",
                     *           "resource_profile": "nano_shared",
                     *           "cpu_allocation_type": "shared",
                     *           "cpu_cores": 2,
                     *           "memory_size_gb": 2,
                     *           "storage_size_gb": 40,
                     *           "monthly_cost_cents": 449,
                     *           "monthly_cost_dollars": 4.49,
                     *           "currency": "EUR"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        plans: components["schemas"]["VpsPlan"][];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "web-1",
                     *         "status": "running",
                     *         "status_label": "Running",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": {
                     *             "code": "image_build_failed",
                     *             "source": "engine",
                     *             "resource": {
                     *               "kind": "vps",
                     *               "name": "web-1"
                     *             },
                     *             "reason": "image_build_failed",
                     *             "message": "The image could not be built.",
                     *             "retryable": true,
                     *             "observed_at": "2026-01-15T09:30:00.000Z"
                     *           }
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "nano_shared",
                     *         "cpu_allocation_type": "shared",
                     *         "cpu_cores": 2,
                     *         "memory_size_gb": 2,
                     *         "storage_size_gb": 40,
                     *         "image": "debian-12",
                     *         "datacenter": "fsn1",
                     *         "network_stack": "dual_stack",
                     *         "auth_method": "ssh_key",
                     *         "public_ip": "10.64.0.10",
                     *         "ipv6_address": "fd2a:41c0:77e1::a",
                     *         "vnc_access_url": "https://example.org/console",
                     *         "monthly_cost_cents": 449,
                     *         "monthly_cost_dollars": 4.49,
                     *         "auto_start": true,
                     *         "backup_enabled": true,
                     *         "monitoring_enabled": true,
                     *         "automated_snapshots_enabled": true,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "ssh_key_id": 12,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_rebooted": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "connection_info": {
                     *         "public_ip": "10.64.0.10",
                     *         "private_ip": "10.64.0.10",
                     *         "ipv6_address": "fd2a:41c0:77e1::a",
                     *         "vnc_access_url": "https://example.org/console",
                     *         "internal_dns": "ip-10-64-0-10",
                     *         "internal_fqdn": "ip-10-64-0-10.danube.internal"
                     *       },
                     *       "monthly_cost": 4.49
                     *     }
                     */
                    "application/json": {
                        instance: components["schemas"]["Vps"];
                        connection_info: {
                            /**
                             * Format: ipv4
                             * @example 10.64.0.10
                             */
                            public_ip: string | null;
                            /**
                             * Format: ipv4
                             * @example 10.64.0.10
                             */
                            private_ip: string | null;
                            /**
                             * Format: ipv6
                             * @example fd2a:41c0:77e1::a
                             */
                            ipv6_address: string | null;
                            /** @example https://example.org/console */
                            vnc_access_url: string | null;
                            /** @example ip-10-64-0-10 */
                            internal_dns: string;
                            /** @example ip-10-64-0-10.danube.internal */
                            internal_fqdn: string;
                        };
                        /** @example 4.49 */
                        monthly_cost: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "cpu_allocation_type": "shared",
                 *       "resource_profile": "nano_shared",
                 *       "configuration": {
                 *         "auto_start": true,
                 *         "backup_enabled": true,
                 *         "monitoring_enabled": true
                 *       },
                 *       "automated_snapshots_enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["UpdateVps"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is being updated.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "web-1",
                     *         "status": "running",
                     *         "status_label": "Running",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": {
                     *             "code": "image_build_failed",
                     *             "source": "engine",
                     *             "resource": {
                     *               "kind": "vps",
                     *               "name": "web-1"
                     *             },
                     *             "reason": "image_build_failed",
                     *             "message": "The image could not be built.",
                     *             "retryable": true,
                     *             "observed_at": "2026-01-15T09:30:00.000Z"
                     *           }
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "nano_shared",
                     *         "cpu_allocation_type": "shared",
                     *         "cpu_cores": 2,
                     *         "memory_size_gb": 2,
                     *         "storage_size_gb": 40,
                     *         "image": "debian-12",
                     *         "datacenter": "fsn1",
                     *         "network_stack": "dual_stack",
                     *         "auth_method": "ssh_key",
                     *         "public_ip": "10.64.0.10",
                     *         "ipv6_address": "fd2a:41c0:77e1::a",
                     *         "vnc_access_url": "https://example.org/console",
                     *         "monthly_cost_cents": 449,
                     *         "monthly_cost_dollars": 4.49,
                     *         "auto_start": true,
                     *         "backup_enabled": true,
                     *         "monitoring_enabled": true,
                     *         "automated_snapshots_enabled": true,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "ssh_key_id": 12,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_rebooted": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is being updated. */
                        message: string;
                        instance: components["schemas"]["Vps"];
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is being deleted. */
                        message: string;
                        /**
                         * @example destroying
                         * @enum {string}
                         */
                        status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsStatus: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "running",
                     *       "status_label": "Running",
                     *       "status_color": "green",
                     *       "can_be_started": false,
                     *       "can_be_stopped": true,
                     *       "can_be_rebooted": true,
                     *       "can_be_destroyed": false,
                     *       "is_transitional": false,
                     *       "updated_at": "2026-01-15T09:30:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /**
                         * @example running
                         * @enum {string}
                         */
                        status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                        /**
                         * @description The status in words.
                         * @example Running
                         */
                        status_label: string;
                        /**
                         * @example green
                         * @enum {string}
                         */
                        status_color: "green" | "gray" | "yellow" | "red";
                        /** @example false */
                        can_be_started: boolean;
                        /** @example true */
                        can_be_stopped: boolean;
                        /** @example true */
                        can_be_rebooted: boolean;
                        /** @example false */
                        can_be_destroyed: boolean;
                        /**
                         * @description True while something is under way: ask again.
                         * @example false
                         */
                        is_transitional: boolean;
                        /**
                         * Format: date-time
                         * @example 2026-01-15T09:30:00.000Z
                         */
                        updated_at: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsPassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "password": "kT7wq2mXf9RzcV4h",
                     *       "username": "root",
                     *       "public_ip": "10.64.0.10",
                     *       "auth_method": "ssh_key"
                     *     }
                     */
                    "application/json": {
                        /** @example kT7wq2mXf9RzcV4h */
                        password: string | null;
                        /**
                         * @example root
                         * @enum {string}
                         */
                        username: "root";
                        /**
                         * Format: ipv4
                         * @example 10.64.0.10
                         */
                        public_ip: string | null;
                        /**
                         * @example ssh_key
                         * @enum {string}
                         */
                        auth_method: "ssh_key" | "password";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    startVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is starting.",
                     *       "status": "starting",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is starting. */
                        message: string;
                        /**
                         * @example starting
                         * @enum {string}
                         */
                        status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    stopVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is stopping.",
                     *       "status": "stopping",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is stopping. */
                        message: string;
                        /**
                         * @example stopping
                         * @enum {string}
                         */
                        status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    rebootVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is rebooting.",
                     *       "status": "rebooting",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is rebooting. */
                        message: string;
                        /**
                         * @example rebooting
                         * @enum {string}
                         */
                        status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    reinstallVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
                /** @description Any text of your choice. Within 24 hours a request with the same key is done once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the VPS.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vpsInstance: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "image": "debian-12",
                 *       "custom_cloud_init": "#cloud-config\npackages: [nginx]\n"
                 *     }
                 */
                "application/json": components["schemas"]["ReinstallVps"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The server is being reinstalled.",
                     *       "status": "reinstalling",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": {
                        /** @example The server is being reinstalled. */
                        message: string;
                        /**
                         * @example reinstalling
                         * @enum {string}
                         */
                        status: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                        /**
                         * Format: uuid
                         * @description Follow it with `GET /operations/{operation}`.
                         * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
                         */
                        operation_id: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOperation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Team that the request acts on, in place of the token’s own. */
                "X-Team-Id"?: components["parameters"]["TeamId"];
            };
            path: {
                /**
                 * @description Id of the operation.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                operation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                    "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true,
                     *       "data": {
                     *         "operation_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "resource_type": "vps",
                     *         "kind": "create",
                     *         "state": "queued",
                     *         "terminal": false,
                     *         "poll_after_ms": 1000,
                     *         "percent": 0,
                     *         "step": "Starting the instance",
                     *         "revision": "v1",
                     *         "knative_revision": "v1",
                     *         "image": "debian-12",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "started_at": "2026-01-15T09:30:00.000Z",
                     *         "finished_at": "2026-01-15T09:30:00.000Z",
                     *         "error": {
                     *           "code": "image_unavailable",
                     *           "message": "The image cannot be fetched at the moment.",
                     *           "retryable": true
                     *         }
                     *       },
                     *       "error": {
                     *         "code": "image_unavailable",
                     *         "message": "The image cannot be fetched at the moment.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19"
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @example true */
                        success: boolean;
                        data: components["schemas"]["Operation"];
                        error: {
                            /** @example image_unavailable */
                            code: string;
                            /** @example The image cannot be fetched at the moment. */
                            message: string;
                            /**
                             * @description Whether the same request may work later.
                             * @example true
                             */
                            retryable: boolean;
                        } | null;
                        meta: {
                            /** @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19 */
                            request_id: string;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
}
