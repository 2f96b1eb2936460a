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
         * @description Reports whether Danube’s database and the data plane answer, and whether a write of the last seconds worked. Needs no token, and has no rate limit.
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
    "/user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the account
         * @description Shows the account that the token belongs to. `/api/user` answers the same. Any valid token will do.
         */
        get: operations["getAccount"];
        put?: never;
        post?: never;
        /**
         * Delete the account
         * @description Deletes the account with all of its tokens. Not while a team would lose its only owner, or resources would have no owner. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        delete: operations["deleteAccount"];
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
         * @description Lists the teams that the token’s account is a member of, and which of them requests act on. Any valid token will do.
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
    "/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show this session
         * @description Shows the session that the request is made in. Needs a session: API tokens cannot do this.
         */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Ends the session that the request is made in. Needs a session: API tokens cannot do this.
         */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List sessions
         * @description Lists where the account is signed in, newest first. Needs a session: API tokens cannot do this.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        /**
         * End all other sessions
         * @description Signs the account out everywhere else. Needs a session: API tokens cannot do this.
         */
        delete: operations["endOtherSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Signs the account out there. Streams of that session end as well. Needs a session: API tokens cannot do this.
         */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit log
         * @description Lists who changed what in the team, and what was refused, newest first. `name` is that of an action. Entries are never changed or deleted. Needs the scope `audit:read`.
         */
        get: operations["listAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the audit log
         * @description The whole audit log of the team, oldest first: one entry as JSON on each line. Needs the scope `audit:read`.
         */
        get: operations["exportAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how to sign in
         * @description Shows which ways to sign in and to register this install has.
         */
        get: operations["getSignInOptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in by password
         * @description Begins a session, or asks for a code first. Attempts are limited by account and by address.
         */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/two-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give the code
         * @description Begins the session of a sign-in that asked for a code. Each code counts once.
         */
        post: operations["signInWithCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give the password again
         * @description For the next minutes, this session may do what asks for that. Needs a session: API tokens cannot do this.
         */
        post: operations["confirmPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description Creates an account, where anybody may register, and sends a link to its address, which must be opened first. The answer is the same if the address has an account already.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a new password
         * @description Sends a link to set a new password, if the address has an account. The answer is the same if it has none.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a password by link
         * @description Sets the password of the account that the link is for, and ends all of its sessions.
         */
        post: operations["setPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm an e-mail address by link
         * @description Makes the address that the link was sent to that of the account.
         */
        post: operations["confirmEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the password
         * @description Sets another password, and ends all other sessions. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        put: operations["changePassword"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the e-mail address
         * @description Sends a link to the new address; until it is opened, the account has the present one. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        put: operations["changeEmail"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/two-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whether codes are asked for
         * @description Shows whether signing in by password or provider asks for a code, too. Needs a session: API tokens cannot do this.
         */
        get: operations["getTwoFactor"];
        put?: never;
        /**
         * Add an authenticator app
         * @description Makes a key for an authenticator app. It counts once a code of it was confirmed. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        post: operations["beginTwoFactor"];
        /**
         * Ask for no codes
         * @description Forgets the authenticator app and the recovery codes. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        delete: operations["disableTwoFactor"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/two-factor/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm the authenticator app
         * @description Asks for codes from now on. The recovery codes are shown only in this answer. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        post: operations["confirmTwoFactor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/two-factor/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make new recovery codes
         * @description Replaces all recovery codes. They are shown only in this answer. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        post: operations["renewRecoveryCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to sign in by passkey
         * @description What `navigator.credentials.get()` needs. It is the same for everybody.
         */
        post: operations["beginPasskeySignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in by passkey
         * @description Begins a session. A passkey needs no code besides.
         */
        post: operations["signInWithPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/confirm/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to confirm by passkey
         * @description What `navigator.credentials.get()` needs for a passkey of this account. Needs a session: API tokens cannot do this.
         */
        post: operations["beginPasskeyConfirmation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/confirm/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a passkey again
         * @description For the next minutes, this session may do what asks for that. Needs a session: API tokens cannot do this.
         */
        post: operations["confirmPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/passkeys/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to add a passkey
         * @description What `navigator.credentials.create()` needs. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        post: operations["beginPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/passkeys/add": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a passkey
         * @description Adds what the browser has made. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        post: operations["addPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List passkeys
         * @description Lists the passkeys of the account, oldest first. Needs a session: API tokens cannot do this.
         */
        get: operations["listPasskeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/passkeys/{passkey}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a passkey
         * @description It cannot sign in any more. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        delete: operations["deletePasskey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/provider": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to sign in by provider
         * @description Answers with the address of the provider, which sends the browser back to the page `/sign-in/provider`.
         */
        post: operations["beginProviderSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/provider/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish to sign in by provider
         * @description Takes what the provider has put into the address of the page. Begins a session, or asks for a code first, or adds the provider’s account to the one that began it.
         */
        post: operations["finishProviderSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/identities/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to add a sign-in by provider
         * @description As `POST /auth/provider`, but whoever signs in there can sign in to this account from then on. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        post: operations["beginIdentity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List sign-ins by provider
         * @description Lists who can sign in to the account by a provider. Needs a session: API tokens cannot do this.
         */
        get: operations["listIdentities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/identities/{identity}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a sign-in by provider
         * @description It cannot sign in to the account any more. Asks for a recent proof. Needs a session: API tokens cannot do this.
         */
        delete: operations["deleteIdentity"];
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
         * @description Lists the team’s SSH keys, newest first, or those that the parameters name. Needs the scope `ssh-key:read`.
         */
        get: operations["listSshKeys"];
        put?: never;
        /**
         * Add an SSH key
         * @description Adds a public key for new VPS. A team can have each key only once. Needs the scope `ssh-key:write`.
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
         * @description Deletes the key. It stays on instances that were created with it. Needs the scope `ssh-key:delete`.
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
         * @description Lists the team’s servers, newest first, or those that the parameters name. Needs the scope `vps:read`.
         */
        get: operations["listVps"];
        put?: never;
        /**
         * Create a VPS
         * @description Returns at once. The server is ready once its `status` is `running`: SSH answers then. Needs the scope `vps:write`.
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
         * @description Lists the operating systems for VPS. Those that this install cannot offer are left out. Needs the scope `vps:read`.
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
         * @description Lists the same images, grouped by distribution. Needs the scope `vps:read`.
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
         * @description Lists the plans with their sizes and prices, excluding taxes. Disk sizes are upper limits, because disks are thinly provisioned. Needs the scope `vps:read`.
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
         * @description Shows one server, with its addresses and cost. Needs the scope `vps:read`.
         */
        get: operations["getVps"];
        /**
         * Update a VPS
         * @description Changes the plan or the settings. A new plan needs no restart. The disk can grow, but never shrink. Needs the scope `vps:write`.
         */
        put: operations["updateVps"];
        post?: never;
        /**
         * Delete a VPS
         * @description Deletes a stopped server and its disk. Once it is deleted, requests for it return 404. Needs the scope `vps:delete`.
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
         * @description A cheap request for polling the status; every 5 seconds is enough. Needs the scope `vps:read`.
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
         * @description Shows the password for the console. SSH accepts it only if `auth_method` is `password`. It gives full control of the server, so the right to read is not enough. Needs the scope `vps:write`.
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
         * @description Starts a stopped server. If another operation on it is still running, the start waits for it to end. Needs the scope `vps:write`.
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
         * @description Asks the guest to shut down, and switches it off after 30 seconds. Needs the scope `vps:write`.
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
         * @description Replaces the disk with a new system. The id, the name and the addresses stay the same, and so does root’s login unless the request changes it. A key that the team has deleted is not installed again: name another one. Needs the scope `vps:write`.
         */
        post: operations["reinstallVps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a log of the server
         * @description Shows the console log, or one of the two logs of cloud-init, which carries out the user-data. Needs the scope `vps:read`.
         */
        get: operations["getVpsLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show metrics
         * @description Shows what the server uses now, as it was last measured, which is every 15 seconds, and every 60 seconds of its disk. A figure is null where nothing was measured, for example because the server does not run. Needs the scope `vps:read`.
         */
        get: operations["getVpsMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/metrics/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric over time
         * @description Shows one figure of the server at equal steps. A point is null where nothing was measured. Where a step is longer than the metric is measured, its point is the average of the step. Needs the scope `vps:read`.
         */
        get: operations["getVpsMetricHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric of all servers
         * @description Shows the present figure of each of the team’s servers that has one, for a list of them. Needs the scope `vps:read`.
         */
        get: operations["listVpsMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description Lists what Danube did with the server and what it noticed, newest first. Needs the scope `vps:read`.
         */
        get: operations["getVpsEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vps/{vpsInstance}/diagnose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Diagnose a VPS
         * @description Looks for problems, and lists them with their remedies, the most severe first. Needs the scope `vps:read`.
         */
        get: operations["diagnoseVps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List databases
         * @description Lists the team’s databases, newest first, or those that the parameters name. Needs the scope `database:read`.
         */
        get: operations["listDatabases"];
        put?: never;
        /**
         * Create a database
         * @description Creates a database and returns at once. Follow `operation_id`, or poll until `status` is `running`: it answers queries then. Needs the scope `database:write`.
         */
        post: operations["createDatabase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List plans for databases
         * @description Lists the plans with their monthly prices, and the engines with their versions. Needs the scope `database:read`.
         */
        get: operations["listDatabasePlans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a database
         * @description Shows one of the team’s databases. Needs the scope `database:read`.
         */
        get: operations["getDatabase"];
        /**
         * Update a database
         * @description Changes the name, the plan, the storage or the parameters. If the engine cannot change its plan while it runs, it is restarted. Parameters that need a restart take effect at the next start (`pending_restart`). Needs the scope `database:write`.
         */
        put: operations["updateDatabase"];
        post?: never;
        /**
         * Delete a database
         * @description Deletes a stopped database and all of its data. Once it is deleted, requests for it return 404. Needs the scope `database:delete`.
         */
        delete: operations["deleteDatabase"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a database
         * @description Starts it with its data. If its instance was lost, a new one is created with the data volume. Needs the scope `database:write`.
         */
        post: operations["startDatabase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a database
         * @description Shuts the engine down cleanly, so that its next start needs no recovery. Needs the scope `database:write`.
         */
        post: operations["stopDatabase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/force-stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Switch off a database
         * @description Switches it off at once, like a power failure. The next start recovers all committed data. Needs the scope `database:write`.
         */
        post: operations["forceStopDatabase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the credentials
         * @description Shows the address, the account and the password, and a URI with all of them. They give full control of the data, so the right to read is not enough. Needs the scope `database:write`.
         */
        get: operations["getDatabaseCredentials"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/credentials/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Generates a new password, which `credentials` shows once the operation has succeeded. The present one works beside it for `overlap_seconds`, so that applications can change over one by one. Open connections stay open. Needs the scope `database:write`.
         */
        post: operations["rotateDatabaseCredentials"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/dns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish a database
         * @description Makes it reachable at the install’s public address, at a port of its own and over TLS. Needs the scope `database:write`.
         */
        post: operations["publishDatabase"];
        /**
         * Withdraw a database
         * @description Ends its publication, so that it is reachable only from the team’s own network. Needs the scope `database:write`.
         */
        delete: operations["withdrawDatabase"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the engine’s log
         * @description Lists the newest entries of the engine’s own log, oldest first. With `since` or `cursor`, it lists those that follow. Needs the scope `database:read`.
         */
        get: operations["getDatabaseLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description Lists what Danube did with the database and what it noticed, newest first. Needs the scope `database:read`.
         */
        get: operations["getDatabaseEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/diagnose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Diagnose a database
         * @description Looks for problems, and lists them with their remedies, the most severe first. Needs the scope `database:read`.
         */
        get: operations["diagnoseDatabase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show metrics
         * @description Shows current figures from the engine. Those that it does not have are null; `reason` says why. Needs the scope `database:read`.
         */
        get: operations["getDatabaseMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/{databaseInstance}/metrics/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric over time
         * @description Shows one figure of the database at equal steps. A point is null where nothing was measured. Where a step is longer than the metric is measured, its point is the average of the step. Needs the scope `database:read`.
         */
        get: operations["getDatabaseMetricHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/database/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric of all databases
         * @description Shows the present figure of each of the team’s databases that has one, for a list of them. Needs the scope `database:read`.
         */
        get: operations["listDatabaseMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List caches
         * @description Lists the team’s caches, newest first, or those that the parameters name. Needs the scope `cache:read`.
         */
        get: operations["listCaches"];
        put?: never;
        /**
         * Create a cache
         * @description Creates a cache and returns at once. Follow `operation_id`, or poll until `status` is `running`: it answers queries then. Needs the scope `cache:write`.
         */
        post: operations["createCache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List plans for caches
         * @description Lists the plans with their monthly prices, and the engines with their versions. Needs the scope `cache:read`.
         */
        get: operations["listCachePlans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a cache
         * @description Shows one of the team’s caches. Needs the scope `cache:read`.
         */
        get: operations["getCache"];
        /**
         * Update a cache
         * @description Changes the name, the plan, the storage or the parameters. If the engine cannot change its plan while it runs, it is restarted. Parameters that need a restart take effect at the next start (`pending_restart`). Needs the scope `cache:write`.
         */
        put: operations["updateCache"];
        post?: never;
        /**
         * Delete a cache
         * @description Deletes a stopped cache and all of its data. Once it is deleted, requests for it return 404. Needs the scope `cache:delete`.
         */
        delete: operations["deleteCache"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a cache
         * @description Starts it with its data. If its instance was lost, a new one is created with the data volume. Needs the scope `cache:write`.
         */
        post: operations["startCache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a cache
         * @description Shuts the engine down cleanly, so that its next start needs no recovery. Needs the scope `cache:write`.
         */
        post: operations["stopCache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/force-stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Switch off a cache
         * @description Switches it off at once, like a power failure. The next start recovers all committed data. Needs the scope `cache:write`.
         */
        post: operations["forceStopCache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the credentials
         * @description Shows the address, the account and the password, and a URI with all of them. They give full control of the data, so the right to read is not enough. Needs the scope `cache:write`.
         */
        get: operations["getCacheCredentials"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/credentials/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Generates a new password, which `credentials` shows once the operation has succeeded. The present one works beside it for `overlap_seconds`, so that applications can change over one by one. Open connections stay open. Needs the scope `cache:write`.
         */
        post: operations["rotateCacheCredentials"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/connection-info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how to connect
         * @description Shows the address, the account and the password, and a URI with all of them. They give full control of the data, so the right to read is not enough. Needs the scope `cache:write`.
         */
        get: operations["getCacheConnectionInfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/dns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish a cache
         * @description Makes it reachable at the install’s public address, at a port of its own and over TLS. Needs the scope `cache:write`.
         */
        post: operations["publishCache"];
        /**
         * Withdraw a cache
         * @description Ends its publication, so that it is reachable only from the team’s own network. Needs the scope `cache:write`.
         */
        delete: operations["withdrawCache"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the engine’s log
         * @description Lists the newest entries of the engine’s own log, oldest first. With `since` or `cursor`, it lists those that follow. Needs the scope `cache:read`.
         */
        get: operations["getCacheLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description Lists what Danube did with the cache and what it noticed, newest first. Needs the scope `cache:read`.
         */
        get: operations["getCacheEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/diagnose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Diagnose a cache
         * @description Looks for problems, and lists them with their remedies, the most severe first. Needs the scope `cache:read`.
         */
        get: operations["diagnoseCache"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show metrics
         * @description Shows current figures from the engine. Those that it does not have are null; `reason` says why. Needs the scope `cache:read`.
         */
        get: operations["getCacheMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/{cacheInstance}/metrics/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric over time
         * @description Shows one figure of the cache at equal steps. A point is null where nothing was measured. Where a step is longer than the metric is measured, its point is the average of the step. Needs the scope `cache:read`.
         */
        get: operations["getCacheMetricHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/cache/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric of all caches
         * @description Shows the present figure of each of the team’s caches that has one, for a list of them. Needs the scope `cache:read`.
         */
        get: operations["listCacheMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/vps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List snapshots of servers
         * @description Lists the snapshots of the team’s servers, newest first, or those that the parameters name. Those that Danube takes automatically are among them. Needs the scope `snapshot:read`.
         */
        get: operations["listVpsSnapshots"];
        put?: never;
        /**
         * Take a snapshot of a server
         * @description Saves the state of the server’s disk at one moment. If another operation on the server is running, it waits for that to end. Needs the scope `snapshot:write`.
         */
        post: operations["createVpsSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/vps/{vpsSnapshot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a snapshot
         * @description Shows one snapshot, with the result of its last restore drill. Needs the scope `snapshot:read`.
         */
        get: operations["getVpsSnapshot"];
        put?: never;
        post?: never;
        /**
         * Delete a snapshot
         * @description Deletes a snapshot that nothing is being made from. It is 404 once gone. Needs the scope `snapshot:delete`.
         */
        delete: operations["deleteVpsSnapshot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/vps/{vpsSnapshot}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a server
         * @description Restores the server to the snapshot and starts it. Its id, addresses, plan and credentials stay as they are now. The state before is kept until the next restore, as a snapshot with the reason `safety`. Needs the scope `snapshot:write`.
         */
        post: operations["restoreVpsSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/vps/{vpsSnapshot}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify a snapshot
         * @description Runs a restore drill: creates a temporary instance without a network from the snapshot, waits until it answers, checks its data, and removes it. The operation fails if the drill fails. `verification` has the result. Needs the scope `snapshot:write`.
         */
        post: operations["verifyVpsSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/database": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List snapshots of databases
         * @description Lists the snapshots of the team’s databases, newest first, or those that the parameters name. Those that Danube takes automatically are among them. Needs the scope `snapshot:read`.
         */
        get: operations["listDatabaseSnapshots"];
        put?: never;
        /**
         * Take a snapshot of a database
         * @description Saves the state of the database’s disk at one moment. If another operation on the database is running, it waits for that to end. Needs the scope `snapshot:write`.
         */
        post: operations["createDatabaseSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/database/{databaseSnapshot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a snapshot
         * @description Shows one snapshot, with the result of its last restore drill. Needs the scope `snapshot:read`.
         */
        get: operations["getDatabaseSnapshot"];
        put?: never;
        post?: never;
        /**
         * Delete a snapshot
         * @description Deletes a snapshot that nothing is being made from. It is 404 once gone. Needs the scope `snapshot:delete`.
         */
        delete: operations["deleteDatabaseSnapshot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/database/{databaseSnapshot}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a database
         * @description Restores the database to the snapshot and starts it. Its id, addresses, plan and credentials stay as they are now. The state before is kept until the next restore, as a snapshot with the reason `safety`. Needs the scope `snapshot:write`.
         */
        post: operations["restoreDatabaseSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/database/{databaseSnapshot}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify a snapshot
         * @description Runs a restore drill: creates a temporary instance without a network from the snapshot, waits until it answers, checks its data, and removes it. The operation fails if the drill fails. `verification` has the result. Needs the scope `snapshot:write`.
         */
        post: operations["verifyDatabaseSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/cache": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List snapshots of caches
         * @description Lists the snapshots of the team’s caches, newest first, or those that the parameters name. Those that Danube takes automatically are among them. Needs the scope `snapshot:read`.
         */
        get: operations["listCacheSnapshots"];
        put?: never;
        /**
         * Take a snapshot of a cache
         * @description Saves the state of the cache’s disk at one moment. If another operation on the cache is running, it waits for that to end. Needs the scope `snapshot:write`.
         */
        post: operations["createCacheSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/cache/{cacheSnapshot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a snapshot
         * @description Shows one snapshot, with the result of its last restore drill. Needs the scope `snapshot:read`.
         */
        get: operations["getCacheSnapshot"];
        put?: never;
        post?: never;
        /**
         * Delete a snapshot
         * @description Deletes a snapshot that nothing is being made from. It is 404 once gone. Needs the scope `snapshot:delete`.
         */
        delete: operations["deleteCacheSnapshot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/cache/{cacheSnapshot}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a cache
         * @description Restores the cache to the snapshot and starts it. Its id, addresses, plan and credentials stay as they are now. The state before is kept until the next restore, as a snapshot with the reason `safety`. Needs the scope `snapshot:write`.
         */
        post: operations["restoreCacheSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/cache/{cacheSnapshot}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify a snapshot
         * @description Runs a restore drill: creates a temporary instance without a network from the snapshot, waits until it answers, checks its data, and removes it. The operation fails if the drill fails. `verification` has the result. Needs the scope `snapshot:write`.
         */
        post: operations["verifyCacheSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/database/{databaseSnapshot}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a database from a snapshot
         * @description Creates a new database with the data of the snapshot, and with its own address and credentials. It needs the scope `database:write`, too. Needs the scope `snapshot:write`.
         */
        post: operations["cloneDatabaseSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshots/cache/{cacheSnapshot}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a cache from a snapshot
         * @description Creates a new cache with the data of the snapshot, and with its own address and credentials. It needs the scope `cache:write`, too. Needs the scope `snapshot:write`.
         */
        post: operations["cloneCacheSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parameter-groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List parameter groups
         * @description Lists the team’s groups, newest first, and the built-in ones, one for each engine; or those that the parameters name. Needs the scope `database:read`.
         */
        get: operations["listParameterGroups"];
        put?: never;
        /**
         * Create a parameter group
         * @description Creates a group. Names and values are checked against the engine’s own list of its parameters. Parameters that would give access beyond the engine, or that Danube depends on, are refused. Needs the scope `database:write`.
         */
        post: operations["createParameterGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parameter-groups/{parameterGroup}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a parameter group
         * @description Shows one of the team’s groups, or a built-in one. Needs the scope `database:read`.
         */
        get: operations["getParameterGroup"];
        /**
         * Update a parameter group
         * @description Changes a group. Each instance that uses it is updated in an operation of its own. Needs the scope `database:write`.
         */
        put: operations["updateParameterGroup"];
        post?: never;
        /**
         * Delete a parameter group
         * @description Deletes a group that no instance uses. Needs the scope `database:delete`.
         */
        delete: operations["deleteParameterGroup"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parameter-groups/{parameterGroup}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Clone a parameter group
         * @description Copies one of the team’s groups, or a built-in one. Needs the scope `database:write`.
         */
        post: operations["cloneParameterGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List firewalls
         * @description Lists the team’s firewalls, newest first, or those that the parameters name. Firewalls that were created with instances are among them. Needs the scope `firewall:read`.
         */
        get: operations["listFirewalls"];
        put?: never;
        /**
         * Create a firewall
         * @description Creates a firewall. The first rule that matches a packet decides. If none matches, inbound packets are dropped, and outbound packets pass. Needs the scope `firewall:write`.
         */
        post: operations["createFirewall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls/{firewall}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a firewall
         * @description Shows one firewall, with its rules in the order in which they were written. Needs the scope `firewall:read`.
         */
        get: operations["getFirewall"];
        /**
         * Update a firewall
         * @description `rules` and `attached_instances` replace the previous ones. What is left out stays unchanged. New rules are applied at once, unless `status` is `draft`. Needs the scope `firewall:write`.
         */
        put: operations["updateFirewall"];
        post?: never;
        /**
         * Delete a firewall
         * @description Deletes a firewall that is not attached to any instance, other than those that are being deleted. Needs the scope `firewall:delete`.
         */
        delete: operations["deleteFirewall"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls/{firewall}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test a firewall
         * @description Shows whether the first packet of a connection would pass, and which rule decides. It uses the saved rules, including drafts, and changes nothing. Needs the scope `firewall:read`.
         */
        post: operations["testFirewall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls/{firewall}/attach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Attach a firewall
         * @description Applies the firewall to an instance. An instance can have five firewalls. A packet that one of them denies is dropped, whatever the others allow. Needs the scope `firewall:write`.
         */
        post: operations["attachFirewall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls/{firewall}/detach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Detach a firewall
         * @description Removes the firewall from an instance. Without any firewall, an instance receives only replies to what it sends. Needs the scope `firewall:write`.
         */
        post: operations["detachFirewall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls/{firewall}/deploy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deploy a firewall
         * @description Applies the saved rules. With `confirm_within`, the previous rules are restored unless `confirm` is called in time, so that a mistake locks nobody out. Needs the scope `firewall:write`.
         */
        post: operations["deployFirewall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/firewalls/{firewall}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm a deployment
         * @description Keeps the rules of a deployment with `confirm_within`. Needs the scope `firewall:write`.
         */
        post: operations["confirmFirewall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List buckets
         * @description Lists the team’s buckets, newest first, or those that the parameters name. Needs the scope `storage:read`.
         */
        get: operations["listBuckets"];
        put?: never;
        /**
         * Create a bucket
         * @description Creates a bucket, which S3 clients can use once its status is `active`, usually within a second; the first one of an install waits until the object store is made. In S3 it has the name `minio_bucket_name`. Needs the scope `storage:write`.
         */
        post: operations["createBucket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets/{bucket}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a bucket
         * @description Shows one bucket, with where S3 clients connect to. Needs the scope `storage:read`.
         */
        get: operations["getBucket"];
        /**
         * Update a bucket
         * @description Changes the settings that the body names. All others stay, also those that were set by S3, such as the bucket’s policy. Needs the scope `storage:write`.
         */
        put: operations["updateBucket"];
        post?: never;
        /**
         * Delete a bucket
         * @description Deletes an empty bucket, or with `force` one with all its objects, which takes as long as there are many. Objects that are locked cannot be deleted: then it fails. Permissions of access keys in the bucket end with it. Needs the scope `storage:delete`.
         */
        delete: operations["deleteBucket"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets/{bucket}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the metrics of a bucket
         * @description Size, and requests of 24 hours with their errors and durations. They are counted every 15 seconds, sizes every minute. What is not known is null; `unknown` says why. Needs the scope `storage:read`.
         */
        get: operations["getBucketMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets/{bucket}/metrics/trend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the history of a bucket
         * @description The same over time, in intervals since the beginning of the window or the bucket’s creation. Needs the scope `storage:read`.
         */
        get: operations["getBucketTrend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets/{bucket}/metrics/top-objects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the top objects of a bucket
         * @description The ten objects that are largest, are asked for most, or have sent most. `reason` says why there are none. Needs the scope `storage:read`.
         */
        get: operations["listBucketTopObjects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets/{bucket}/metrics/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the health of a bucket
         * @description What the last look at the bucket has found, such as multipart uploads that were not completed. Needs the scope `storage:read`.
         */
        get: operations["getBucketHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/buckets/{bucket}/diagnose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Diagnose a bucket
         * @description Looks for problems, and lists them with their remedies, the most severe first. Needs the scope `storage:read`.
         */
        get: operations["diagnoseBucket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/access-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List access keys
         * @description Lists the team’s access keys, newest first, or those that the parameters name. Revoked keys stay in the list for 30 days. Needs the scope `storage:read`.
         */
        get: operations["listAccessKeys"];
        put?: never;
        /**
         * Create an access key
         * @description Creates a key for S3 clients. Its secret is in this answer only. The key works once its status is `active`, usually within a second; the first one of an install waits until the object store is made. Needs the scope `storage:write`.
         */
        post: operations["createAccessKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/storage/access-keys/{accessKey}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an access key
         * @description Shows one access key, without its secret. Needs the scope `storage:read`.
         */
        get: operations["getAccessKey"];
        put?: never;
        post?: never;
        /**
         * Revoke an access key
         * @description Revokes a key: within a second, S3 refuses it. What it has stored stays. Needs the scope `storage:delete`.
         */
        delete: operations["revokeAccessKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/certificate-authority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the certificate authority
         * @description Shows the certificate with which clients verify databases and caches. Save it to a file, and pass that file to the client, for example as `sslrootcert`. All teams have the same one. Any valid token will do.
         */
        get: operations["getCertificateAuthority"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List operations
         * @description Lists what the team’s resources were and are asked for, newest first: what is at work, what waits, and why something failed. It has the operations of resources that the token may read, for example with `vps:read`. Any valid token will do.
         */
        get: operations["listOperations"];
        put?: never;
        post?: never;
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
         * @description Shows the progress of asynchronous work: its state, percentage and step, and the error if it failed. The token must have the scope to read the resource concerned, for example `vps:read`. With `wait`, the answer comes when the operation has ended, or after so many seconds: a program need not ask again and again. Any valid token will do.
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
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description Lists what happened to the team’s resources, in the order of the log. A program that sends the `next_after` of each answer as `after` sees every event exactly once. Shows events about resources that the token may read, for example those of VPS with `vps:read`. Any valid token will do.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow events
         * @description The same events as they happen, as server-sent events: `id` is that of the event, `event` its type, and `data` the event as in the list. The stream goes on until the client hangs up or the server is restarted; then come back with the last id in the header `Last-Event-ID`, and nothing is missed. Up to 200 streams of one team may be open. Shows events about resources that the token may read, for example those of VPS with `vps:read`. Any valid token will do.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the webhook
         * @description Shows the team’s default endpoint, which gets all events. Needs the scope `webhook:read`.
         */
        get: operations["getWebhookConfig"];
        /**
         * Set the webhook
         * @description Creates or changes the team’s default endpoint. `webhook_secret` is in the answer that creates it, and null in others. Needs the scope `webhook:write`.
         */
        put: operations["updateWebhookConfig"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/config/regenerate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace the secret
         * @description Gives the team’s default endpoint a new secret. For 24 hours, messages carry a signature of each of the two. Needs the scope `webhook:write`.
         */
        post: operations["regenerateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List endpoints
         * @description Lists the team’s endpoints, newest first, or those that the parameters name. Needs the scope `webhook:read`.
         */
        get: operations["listWebhookEndpoints"];
        put?: never;
        /**
         * Add an endpoint
         * @description Adds an endpoint that is told of events from now on, of all or of some types. It gets all that the team’s events hold, whatever the token that added it may read. Needs the scope `webhook:write`.
         */
        post: operations["createWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/endpoints/{webhookEndpoint}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an endpoint
         * @description Shows one of the team’s endpoints. Needs the scope `webhook:read`.
         */
        get: operations["getWebhookEndpoint"];
        /**
         * Change an endpoint
         * @description Changes the members that the request has. A disabled endpoint gets no events, also not later; enabled again, it gets what it had not got yet, and what happens from then on. Needs the scope `webhook:write`.
         */
        put: operations["updateWebhookEndpoint"];
        post?: never;
        /**
         * Delete an endpoint
         * @description Deletes an endpoint and the list of its deliveries. Needs no other scope than changing it. Needs the scope `webhook:write`.
         */
        delete: operations["deleteWebhookEndpoint"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/endpoints/{webhookEndpoint}/regenerate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace an endpoint’s secret
         * @description Gives it a new secret. For 24 hours, messages carry a signature of each of the two. Needs the scope `webhook:write`.
         */
        post: operations["regenerateWebhookEndpointSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/endpoints/{webhookEndpoint}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test
         * @description Sends a message of the type `webhook.test`. Its delivery says how that went. Needs the scope `webhook:write`.
         */
        post: operations["testWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/endpoints/{webhookEndpoint}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send failed deliveries again
         * @description Sends all deliveries to the endpoint again that were made since a time and have failed. Needs the scope `webhook:write`.
         */
        post: operations["redeliverFailedWebhooks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deliveries
         * @description Lists what was and will be sent to the team’s endpoints, newest first. Deliveries are kept for 30 days after they ended. `name` is a type of event. Needs the scope `webhook:read`.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/deliveries/{webhookDelivery}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a delivery
         * @description Shows one delivery: what is sent, and how the last attempt went. Needs the scope `webhook:read`.
         */
        get: operations["getWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/deliveries/{webhookDelivery}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a delivery again
         * @description Sends the same message again, with the same `webhook-id`. One that has not ended is left as it is. Needs the scope `webhook:write`.
         */
        post: operations["redeliverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metric-alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List alerts
         * @description Lists the alerts on instances that the token may read, newest first, or those that the parameters name. Any valid token will do.
         */
        get: operations["listMetricAlerts"];
        put?: never;
        /**
         * Create an alert
         * @description Watches a metric of an instance. The token must have the scope to change the instance, for example `vps:write`. Any valid token will do.
         */
        post: operations["createMetricAlert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metric-alerts/available-metrics/{resourceType}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List metrics for alerts
         * @description Lists the metrics that instances of a kind have. Any valid token will do.
         */
        get: operations["listAlertMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metric-alerts/{metricAlert}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an alert
         * @description Shows an alert, and how it is. The token must have the scope to read the instance, for example `vps:read`. Any valid token will do.
         */
        get: operations["getMetricAlert"];
        /**
         * Change an alert
         * @description Changes the members that the request has. Where that changes what is compared, the alert begins anew: one that fires is over. The token must have the scope to change the instance, for example `vps:write`. Any valid token will do.
         */
        put: operations["updateMetricAlert"];
        post?: never;
        /**
         * Delete an alert
         * @description Deletes an alert and its history. The token must have the scope to change the instance, for example `vps:write`. Any valid token will do.
         */
        delete: operations["deleteMetricAlert"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metric-alerts/{metricAlert}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what became of an alert
         * @description Lists when it fired, when it was over, and when there was no data, newest first. The token must have the scope to read the instance, for example `vps:read`. Any valid token will do.
         */
        get: operations["listMetricAlertHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metric-alerts/{metricAlert}/toggle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Enable or disable an alert
         * @description Disables an alert that is enabled, and the other way round. One that fires is over then. The token must have the scope to change the instance, for example `vps:write`. Any valid token will do.
         */
        patch: operations["toggleMetricAlert"];
        trace?: never;
    };
    "/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List notifications
         * @description Lists what the account was told of in the team, newest first. It has notifications about resources that the token may read, for example those of VPS with `vps:read`. Any valid token will do.
         */
        get: operations["listNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/unread-count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count unread notifications
         * @description Counts those of the list that are unread. Any valid token will do.
         */
        get: operations["countUnreadNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Mark a notification as read
         * @description Marks it as read. One that was read before keeps its time. Any valid token will do.
         */
        patch: operations["markNotificationRead"];
        trace?: never;
    };
    "/notifications/mark-all-read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark all notifications as read
         * @description Marks all as read that the list shows. Any valid token will do.
         */
        post: operations["markAllNotificationsRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a notification
         * @description Takes it off the list, for this account only. Any valid token will do.
         */
        delete: operations["deleteNotification"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notification-preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what the account is told of
         * @description Shows for each category and channel whether the account is told in this team, and what can be chosen. Any valid token will do.
         */
        get: operations["getNotificationPreferences"];
        /**
         * Choose what the account is told of
         * @description Changes the preferences that the request names, for this team and from the next event on; the others stay as they are. Any valid token will do.
         */
        put: operations["updateNotificationPreferences"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notification-preferences/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Forget what was chosen
         * @description Sets all preferences of the account in this team back to those of the beginning. Any valid token will do.
         */
        post: operations["resetNotificationPreferences"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/resources/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search
         * @description Finds resources of the team by name, id, address or tag. It finds what the token may read, for example VPS with `vps:read`. Any valid token will do.
         */
        get: operations["searchResources"];
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
        ApiError: {
            /**
             * @description What is wrong and what to do.
             * @example The name field is required.
             */
            message: string;
            /**
             * @description Stable name of the error. Values so far: `bad_request`, `unauthenticated`, `sign_in_failed`, `missing_scope`, `team_forbidden`, `session_required`, `proof_required`, `origin_mismatch`, `not_found`, `method_not_allowed`, `request_timeout`, `idempotency_conflict`, `payload_too_large`, `unsupported_media_type`, `validation_failed`, `invalid_state`, `quota_exceeded`, `not_available`, `link_invalid`, `rate_limited`, `headers_too_large`, `internal`, `unavailable`, `no_capacity`.
             * @example validation_failed
             */
            code: string;
            /**
             * @description Identifies this request in the server’s log.
             * @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19
             */
            request_id: string;
            /**
             * @description URL of the page about the error.
             * @example https://cloud.example.org/docs/errors/validation_failed
             */
            docs: string;
            /**
             * @description By field: one sentence for each error.
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
             * @description If the state does not allow the request: the same as `code`.
             * @example invalid_state
             */
            error?: string;
            /**
             * @description If the state does not allow the request: the current state.
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
             * @description The scope that the token lacks, or the role.
             * @example ssh-key:write
             */
            required_scope?: string;
            /**
             * @description If it is the account’s role in the team that lacks the scope: that role.
             * @example viewer
             */
            role?: string;
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
            /**
             * @description Which part is at fault, and how; for `unavailable`.
             * @example storage_read_only
             */
            reason?: string;
            available?: components["schemas"]["AvailableCapacity"];
        };
        AvailableCapacity: {
            /**
             * Format: int32
             * @description Memory that the host has left for new instances, in MB.
             * @example 1024
             */
            memory_mb: number;
            /**
             * Format: int32
             * @description Disk space that the host has left for new instances, in GB.
             * @example 35
             */
            disk_gb: number;
        };
        Health: {
            /**
             * @description `ok` when every part answers and takes writes. `degraded`: the same, but an image could not be built ahead. Values so far: `ok`, `degraded`, `unavailable`.
             * @example ok
             */
            status: string;
            /** @example All parts answer. */
            message: string;
            /**
             * @description Version of Danube.
             * @example 0.1.0
             */
            version: string;
            /**
             * @description `ok`: a write worked a moment ago. `read_only`: it answers, and cannot store anything. Values so far: `ok`, `read_only`, `unavailable`.
             * @example ok
             */
            database: string;
            /**
             * @description Values so far: `ok`, `unavailable`.
             * @example ok
             */
            engine: string;
            /**
             * @description `sim` means that instances are only simulated. Values so far: `incus`, `sim`.
             * @example incus
             */
            engine_name: string | null;
            /** @example 6.0.4 */
            engine_version: string | null;
            /**
             * @description What instances are on this install. Values so far: `container`, `virtual-machine`.
             * @example container
             */
            virtualization: string | null;
            /**
             * @description `ok`: a write worked a moment ago. `nearly_full`: new instances and snapshots are refused until there is more room. Existing ones keep running. `read_only`: no write works, not even of existing instances. Values so far: `ok`, `nearly_full`, `read_only`, `unknown`.
             * @example ok
             */
            storage: string;
            images: components["schemas"]["HealthImages"];
            /**
             * @description Whether instances are only simulated.
             * @example false
             */
            simulated: boolean;
        };
        /** @description Images that are built before somebody asks for them. Until then, the first instance waits for its image. */
        HealthImages: {
            /**
             * @description Is being built.
             * @example postgresql-18
             */
            building: string | null;
            /**
             * Format: int32
             * @description How far that is.
             * @example 40
             */
            percent: number | null;
            /** @description Are built next. */
            waiting: string[];
            /** @description Could not be built, and are tried again later. `doctor` says why. */
            failed: string[];
        };
        Account: {
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /** @example Ada */
            name: string;
            /**
             * Format: email
             * @example ada@example.org
             */
            email: string;
            /**
             * Format: int64
             * @description The team that this request acts on.
             * @example 1
             */
            current_team_id: number;
        };
        TeamList: {
            data: components["schemas"]["Team"][];
            /**
             * Format: int64
             * @description The team that this request acts on.
             * @example 1
             */
            current_team_id: number;
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
             * @description Namespace in the container registry, or null.
             * @example team-1
             */
            registry_namespace: string | null;
        };
        CurrentSession: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            session_id: string;
            /**
             * Format: int64
             * @example 1
             */
            account_id: number;
            /**
             * Format: date-time
             * @description When the password or passkey was last given in this session.
             * @example 2026-01-15T09:30:00.000Z
             */
            proved_at: string;
            /**
             * Format: date-time
             * @description Until when actions that ask for it are possible.
             * @example 2026-01-15T09:30:00.000Z
             */
            proof_expires_at: string;
        };
        SignedOut: {
            /** @example Signed out. */
            message: string;
        };
        SessionList: {
            data: components["schemas"]["Session"][];
        };
        Session: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /**
             * @description Whether this request was made in it.
             * @example true
             */
            current: boolean;
            /**
             * @description How it began: `provider` is a sign-in by OpenID Connect. Values so far: `password`, `passkey`, `provider`.
             * @example password
             */
            method: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it ends at the latest. It ends earlier if it is not used for 7 days.
             * @example 2026-01-15T09:30:00.000Z
             */
            expires_at: string;
            /**
             * Format: date-time
             * @description To the minute.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_used_at: string;
            /**
             * @description Address of the last use.
             * @example 203.0.113.9
             */
            last_used_ip: string | null;
            /**
             * @description What the browser calls itself.
             * @example Mozilla/5.0
             */
            user_agent: string | null;
        };
        SessionEnded: {
            /** @example Session ended. */
            message: string;
        };
        SessionsEnded: {
            /** @example 3 sessions ended. */
            message: string;
            /**
             * Format: int32
             * @description How many were ended.
             * @example 3
             */
            count: number;
        };
        AuditEntryList: {
            data: components["schemas"]["AuditEntry"][];
            pagination: components["schemas"]["Pagination"];
        };
        AuditEntry: {
            /**
             * Format: int64
             * @description Its place in the log, without gaps.
             * @example 1842
             */
            id: number;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: int64
             * @description The team that it concerns; null: none.
             * @example 1
             */
            team_id: number | null;
            /**
             * Format: int64
             * @description Who did it; null: nobody who had signed in, or Danube itself.
             * @example 1
             */
            account_id: number | null;
            /**
             * @description Its e-mail address at that time.
             * @example ada@example.org
             */
            account_email: string | null;
            /**
             * @description `host`: the command line of the host. Values so far: `token`, `session`, `host`.
             * @example token
             */
            credential: string | null;
            /**
             * @description Id of the token or session.
             * @example 12
             */
            credential_id: string | null;
            /**
             * @description Where the request came from.
             * @example 192.0.2.10
             */
            address: string | null;
            /** @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19 */
            request_id: string | null;
            /**
             * @description What was done: the `operationId` of the request, or a word like it.
             * @example updateVps
             */
            action: string;
            /** @example vps */
            resource_type: string | null;
            /** @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e */
            resource_id: string | null;
            /**
             * @description `refused`: for example because a scope is missing. `failed`: by a fault of Danube. Values so far: `done`, `refused`, `failed`.
             * @example done
             */
            outcome: string;
            /**
             * @description Why it was not done.
             * @example missing_scope
             */
            error_code: string | null;
            /**
             * @description What was changed, as it was before. Without secrets.
             * @example {
             *       "name": "web-1"
             *     }
             */
            before: {
                [key: string]: unknown;
            } | null;
            /**
             * @description What was changed or created, as it was afterwards.
             * @example {
             *       "name": "web-2"
             *     }
             */
            after: {
                [key: string]: unknown;
            } | null;
            /**
             * @description The keyed hash of the entry and of all before it, in hexadecimal.
             * @example 6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9
             */
            hash: string;
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
            /**
             * @description Send it as `after` for the items that follow. Null if there are none.
             * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            next_cursor: string | null;
        };
        SignInOptions: {
            /**
             * @description Who may register. Values so far: `open`, `invitation`, `closed`.
             * @example open
             */
            registration: string;
            /**
             * @description Name of the OpenID Connect provider, or null.
             * @example Example SSO
             */
            provider: string | null;
            /**
             * @description Whether this address can have passkeys.
             * @example true
             */
            passkeys: boolean;
            /**
             * @description Whether links are sent by e-mail.
             * @example true
             */
            sends_mail: boolean;
        };
        PasswordSignIn: {
            /** @example ada@example.org */
            email: string;
            /**
             * Format: password
             * @example correct horse battery
             */
            password: string;
        };
        SignInResult: {
            /**
             * @description `signed_in`: the answer sets the session’s cookie. `two_factor_required`: a code is asked for. Values so far: `signed_in`, `two_factor_required`.
             * @example signed_in
             */
            status: string;
            /**
             * Format: int64
             * @example 1
             */
            account_id: number | null;
            /**
             * @description For `POST /auth/two-factor`, within ten minutes.
             * @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
             */
            challenge: string | null;
        };
        CodeSignIn: {
            /**
             * @description From the answer that asked for a code.
             * @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
             */
            challenge: string;
            /**
             * @description The six digits of the authenticator app, or a recovery code.
             * @example 287082
             */
            code: string;
        };
        ConfirmPassword: {
            /**
             * Format: password
             * @example correct horse battery
             */
            password: string;
        };
        AccountMessage: {
            /** @example Done. */
            message: string;
        };
        Register: {
            /** @example ada@example.org */
            email: string;
            /** @example Ada */
            name: string;
            /**
             * Format: password
             * @description At least 10 characters, and not the account’s name or address.
             * @example correct horse battery
             */
            password: string;
        };
        RequestPassword: {
            /** @example ada@example.org */
            email: string;
        };
        SetPassword: {
            /**
             * @description What follows `#` in the link.
             * @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
             */
            secret: string;
            /**
             * Format: password
             * @description At least 10 characters, and not the account’s name or address.
             * @example correct horse battery
             */
            password: string;
        };
        ConfirmEmail: {
            /**
             * @description What follows `#` in the link.
             * @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
             */
            secret: string;
        };
        ChangePassword: {
            /**
             * Format: password
             * @description At least 10 characters, and not the account’s name or address.
             * @example correct horse battery
             */
            password: string;
        };
        ChangeEmail: {
            /** @example ada@example.org */
            email: string;
        };
        TwoFactorState: {
            /**
             * @description Whether codes are asked for.
             * @example true
             */
            enabled: boolean;
            /**
             * Format: int32
             * @example 10
             */
            recovery_codes_left: number;
        };
        TwoFactorBegun: {
            /**
             * @description The key, in base32, to be typed in.
             * @example JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
             */
            secret: string;
            /**
             * @description The same as a QR code has it.
             * @example otpauth://totp/Danube:ada%40example.org?secret=JBSWY3DPEHPK3PXP
             */
            uri: string;
        };
        ConfirmTwoFactor: {
            /** @example 287082 */
            code: string;
        };
        RecoveryCodes: {
            /** @example Codes are asked for from now on. Keep the recovery codes: they are shown only now. */
            message: string;
            /** @description Each replaces a code of the app once. */
            recovery_codes: string[];
        };
        PasskeyRequest: {
            /** @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk */
            ceremony: string;
            options: components["schemas"]["PasskeyRequestOptions"];
        };
        PasskeyRequestOptions: {
            /** @example q83vEjRWeJA */
            challenge: string;
            /** @example cloud.example.org */
            rpId: string;
            /**
             * Format: int32
             * @example 60000
             */
            timeout?: number;
            allowCredentials: components["schemas"]["PasskeyDescriptor"][];
            /** @example required */
            userVerification: string;
        };
        PasskeyDescriptor: {
            /** @example q83vEjRWeJA */
            id: string;
            /** @example public-key */
            type: string;
            transports?: string[];
        };
        UsePasskey: {
            /**
             * @description From the answer that began it.
             * @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
             */
            ceremony: string;
            credential: components["schemas"]["UsedPasskeyCredential"];
        };
        UsedPasskeyCredential: {
            /** @example q83vEjRWeJA */
            id: string;
            /** @example q83vEjRWeJA */
            rawId: string;
            /**
             * @example public-key
             * @enum {string}
             */
            type: "public-key";
            response: components["schemas"]["UsedPasskeyResponse"];
        };
        UsedPasskeyResponse: {
            /** @example q83vEjRWeJA */
            clientDataJSON: string;
            /** @example q83vEjRWeJA */
            authenticatorData: string;
            /** @example q83vEjRWeJA */
            signature: string;
            /** @example q83vEjRWeJA */
            userHandle?: string | null;
        };
        PasskeyCreation: {
            /** @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk */
            ceremony: string;
            options: components["schemas"]["PasskeyCreationOptions"];
        };
        PasskeyCreationOptions: {
            /** @example q83vEjRWeJA */
            challenge: string;
            rp: components["schemas"]["PasskeySite"];
            user: components["schemas"]["PasskeyUser"];
            pubKeyCredParams: components["schemas"]["PasskeyAlgorithm"][];
            /**
             * Format: int32
             * @example 60000
             */
            timeout?: number;
            excludeCredentials: components["schemas"]["PasskeyDescriptor"][];
            authenticatorSelection: components["schemas"]["PasskeySelection"];
            /** @example none */
            attestation: string;
        };
        PasskeySite: {
            /** @example cloud.example.org */
            id: string;
            /** @example Danube */
            name: string;
        };
        PasskeyUser: {
            /** @example q83vEjRWeJA */
            id: string;
            /** @example ada@example.org */
            name: string;
            /** @example Ada */
            displayName: string;
        };
        PasskeyAlgorithm: {
            /** @example public-key */
            type: string;
            /**
             * Format: int32
             * @example -7
             */
            alg: number;
        };
        PasskeySelection: {
            /** @example required */
            residentKey: string;
            /** @example true */
            requireResidentKey: boolean;
            /** @example required */
            userVerification: string;
        };
        AddPasskey: {
            /**
             * @description From the answer that began it.
             * @example kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
             */
            ceremony: string;
            /** @example Laptop */
            name: string;
            credential: components["schemas"]["NewPasskeyCredential"];
        };
        NewPasskeyCredential: {
            /** @example q83vEjRWeJA */
            id: string;
            /** @example q83vEjRWeJA */
            rawId: string;
            /**
             * @example public-key
             * @enum {string}
             */
            type: "public-key";
            response: components["schemas"]["NewPasskeyResponse"];
        };
        NewPasskeyResponse: {
            /** @example q83vEjRWeJA */
            clientDataJSON: string;
            /** @example q83vEjRWeJA */
            attestationObject: string;
            transports?: string[];
        };
        PasskeyAdded: {
            /** @example Passkey added. */
            message: string;
            passkey: components["schemas"]["Passkey"];
        };
        Passkey: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example Laptop */
            name: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_used_at: string | null;
        };
        PasskeyList: {
            data: components["schemas"]["Passkey"][];
        };
        ProviderBegun: {
            /**
             * @description Where the browser goes. The answer sets a cookie that binds the sign-in to this browser.
             * @example https://sso.example.org/authorize?client_id=danube
             */
            url: string;
        };
        FinishProvider: {
            /**
             * @description As it stands in the address of the page.
             * @example SplxlOBeZQQYbYS6WxSbIA
             */
            code?: string;
            /**
             * @description The same.
             * @example af0ifjsldkj
             */
            state?: string;
            /**
             * @description The same, if it is there.
             * @example https://sso.example.org
             */
            iss?: string;
            /**
             * @description The same, if it is there.
             * @example access_denied
             */
            error?: string;
        };
        IdentityList: {
            data: components["schemas"]["LinkedIdentity"][];
        };
        LinkedIdentity: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example https://sso.example.org */
            issuer: string;
            /** @example ada@example.org */
            email: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_used_at: string | null;
        };
        SshKeyList: {
            data: components["schemas"]["SshKey"][];
            pagination: components["schemas"]["Pagination"];
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
        CreateSshKey: {
            /** @example laptop */
            name: string;
            /**
             * @description One key, as in its `.pub` file or in the SSH2 format (PuTTYgen’s "Save public key"). Comment lines are skipped, and a key that was broken into several lines is joined. Supported types: ssh-ed25519, ecdsa-sha2-nistp256, -nistp384 and -nistp521, ssh-rsa with at least 2048 bits, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com.
             * @example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop
             */
            public_key: string;
            /**
             * @description Whether it becomes the team’s default key and replaces the previous one.
             * @example false
             */
            is_default?: boolean;
        };
        SshKeyCreated: {
            /** @example SSH key added. */
            message: string;
            key: components["schemas"]["SshKey"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
        };
        SshKeyResponse: {
            key: components["schemas"]["SshKey"];
        };
        SshKeyDeleted: {
            /** @example SSH key deleted. */
            message: string;
        };
        VpsList: {
            data: components["schemas"]["Vps"][];
            pagination: components["schemas"]["Pagination"];
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
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `stopping`, `stopped`, `rebooting`, `restoring`, `reinstalling`, `error`, `destroying`, `recreating`.
             * @example running
             */
            status: string;
            /**
             * @description The status as text for people.
             * @example Running
             */
            status_label: string;
            status_details: components["schemas"]["StatusDetails"];
            capabilities: components["schemas"]["Capabilities"];
            /**
             * @description A name from `GET /vps/plans`.
             * @example nano_shared
             */
            resource_profile: string;
            /**
             * @description Values so far: `shared`, `dedicated`.
             * @example shared
             */
            cpu_allocation_type: string;
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
             * @description A name from `GET /vps/images`.
             * @example debian-12
             */
            image: string;
            /** @example fsn1 */
            datacenter: string;
            /**
             * @description Values so far: `dual_stack`, `ipv4_only`, `ipv6_only`.
             * @example dual_stack
             */
            network_stack: string;
            /**
             * @description How root logs in over SSH. Values so far: `ssh_key`, `password`.
             * @example ssh_key
             */
            auth_method: string;
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
             * @description Whether it starts again after a restart of the host.
             * @example true
             */
            auto_start: boolean;
            /**
             * @description Whether backups are requested.
             * @example true
             */
            backup_enabled: boolean;
            /**
             * @description Whether metrics are stored.
             * @example true
             */
            monitoring_enabled: boolean;
            /**
             * @description Whether a snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled: boolean;
            /**
             * Format: date-time
             * @description When the server was running for the first time.
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
             * @description Values so far: `healthy`, `progressing`, `stopped`, `unhealthy`.
             * @example healthy
             */
            health: string;
            /**
             * Format: date-time
             * @description When this status was last compared with the data plane.
             * @example 2026-01-15T09:30:00.000Z
             */
            observed_at: string | null;
            /**
             * @description Whether the last comparison is more than a minute old.
             * @example false
             */
            stale: boolean;
            operation: components["schemas"]["StatusDetailsOperation"];
            error: components["schemas"]["StatusDetailsError"];
        };
        StatusDetailsOperation: {
            /**
             * @description Values so far: `succeeded`, `running`, `failed`.
             * @example succeeded
             */
            state: string;
            /**
             * @description Whether no operation is in progress.
             * @example true
             */
            terminal: boolean;
        };
        /** @example null */
        StatusDetailsError: {
            /** @example image_build_failed */
            code: string;
            /** @example engine */
            source: string | null;
            resource: components["schemas"]["StatusDetailsErrorResource"];
            /** @example image_build_failed */
            reason: string | null;
            /** @example The image could not be built. */
            message: string | null;
            /**
             * @description Whether trying again can help.
             * @example true
             */
            retryable: boolean;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            observed_at: string | null;
        } | null;
        StatusDetailsErrorResource: {
            /** @example vps */
            kind: string | null;
            /** @example web-1 */
            name: string | null;
        } | null;
        Capabilities: {
            /**
             * @description Whether `GET …/logs` is available.
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
             * @description Lower-case letters, digits and hyphens. Its first 63 characters become the host name.
             * @example web-1
             */
            name: string;
            /**
             * @description A name from `GET /vps/plans`.
             * @example nano_shared
             */
            resource_profile?: string;
            /**
             * @example shared
             * @enum {string|null}
             */
            cpu_allocation_type?: "shared" | "dedicated" | null;
            /**
             * @description A name from `GET /vps/images`.
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
             * @description Required if `auth_method` is `ssh_key`.
             * @example 12
             */
            ssh_key_id?: number | null;
            /**
             * Format: password
             * @description For the console and, if `auth_method` is `password`, which requires it, for SSH. At least 12 characters, on one line.
             * @example correct horse battery
             */
            password?: string | null;
            /**
             * Format: password
             * @example correct horse battery
             */
            password_confirmation?: string | null;
            configuration?: components["schemas"]["VpsConfiguration"];
            /**
             * @description cloud-init user-data in any of its formats, for example `#cloud-config` YAML or a script that begins with `#!`; also in base64, or compressed with gzip and then in base64. At most 65,536 bytes, and 262,144 once unpacked.
             * @example #cloud-config
             *     packages: [nginx]
             */
            custom_cloud_init?: string | null;
            /**
             * Format: int64
             * @description Not available on this install. Leave it out.
             * @example 1
             */
            marketplace_app_id?: number | null;
            /**
             * @description Not available. Leave it out.
             * @example XXXXX
             */
            windows_license_key?: string | null;
        };
        VpsConfiguration: {
            /**
             * @description Whether it starts again after a restart of the host.
             * @example true
             */
            auto_start?: boolean;
            /**
             * @description Whether backups are requested. This install makes no backups. For daily snapshots, update the server with automated_snapshots_enabled.
             * @example true
             */
            backup_enabled?: boolean;
            /**
             * @description Whether metrics are stored; true by default.
             * @example true
             */
            monitoring_enabled?: boolean;
        };
        VpsCreated: {
            /** @example The server is being created. */
            message: string;
            instance: components["schemas"]["Vps"];
            /**
             * @description Whether a default firewall was created with it.
             * @example true
             */
            firewall_created: boolean;
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        VpsImageList: {
            images: components["schemas"]["VpsImage"][];
        };
        VpsImage: {
            /**
             * @description A name from `GET /vps/images`.
             * @example debian-12
             */
            id: string;
            /**
             * @description A name from `GET /vps/images`.
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
             * @description Values so far: `root`.
             * @example root
             */
            default_user: string;
            /**
             * @description Whether this install can provide it now.
             * @example true
             */
            available: boolean;
            /** @example The image server does not answer. */
            unavailable_reason: string | null;
            /** @example debian */
            distro: string;
        };
        VpsImageGroupList: {
            groups: components["schemas"]["VpsImageGroup"][];
        };
        VpsImageGroup: {
            /** @example debian */
            distro: string;
            /** @example Debian */
            name: string;
            images: components["schemas"]["VpsGroupedImage"][];
        };
        VpsGroupedImage: {
            /**
             * @description A name from `GET /vps/images`.
             * @example debian-12
             */
            id: string;
            /**
             * @description A name from `GET /vps/images`.
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
             * @description Values so far: `root`.
             * @example root
             */
            default_user: string;
            /**
             * @description Whether this install can provide it now.
             * @example true
             */
            available: boolean;
            /** @example The image server does not answer. */
            unavailable_reason: string | null;
        };
        VpsPlanList: {
            plans: components["schemas"]["VpsPlan"][];
        };
        VpsPlan: {
            /**
             * @description A name from `GET /vps/plans`.
             * @example nano_shared
             */
            name: string;
            /**
             * @description A name from `GET /vps/plans`.
             * @example nano_shared
             */
            resource_profile: string;
            /**
             * @description A name from `GET /vps/plans`.
             * @example nano_shared
             */
            slug: string;
            /** @example Nano shared */
            display_name: string;
            /**
             * Format: int32
             * @example 40
             */
            storage_size_gb: number;
            /**
             * Format: int32
             * @example 40
             */
            storage_gb: number;
            /**
             * Format: int32
             * @example 449
             */
            monthly_cost_cents: number;
            /** @example 4.49 */
            monthly_cost_dollars: number;
            /** @example 4.49 */
            monthly_cost: number;
            /**
             * @description Values so far: `EUR`.
             * @example EUR
             */
            currency: string;
            /**
             * @description Values so far: `shared`, `dedicated`.
             * @example shared
             */
            cpu_allocation_type: string;
            /**
             * @description Values so far: `shared`, `dedicated`.
             * @example shared
             */
            type: string;
            /**
             * Format: int32
             * @example 2
             */
            cpu_cores: number;
            /** @example 2 */
            memory_size_gb: number;
            /** @example 2 */
            memory_gb: number;
        };
        VpsResponse: {
            instance: components["schemas"]["Vps"];
            connection_info: components["schemas"]["VpsConnectionInfo"];
            /** @example 4.49 */
            monthly_cost: number;
        };
        VpsConnectionInfo: {
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
        /**
         * @example {
         *       "name": "web-2",
         *       "resource_profile": "micro_shared"
         *     }
         */
        UpdateVps: {
            /**
             * @description The host name inside the server stays the same until it is reinstalled.
             * @example web-1
             */
            name?: string;
            /**
             * @description Cannot be changed: leave it out. Reinstall the server.
             * @example debian-12
             */
            image?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example fsn1
             */
            datacenter?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example dual_stack
             * @enum {string|null}
             */
            network_stack?: "dual_stack" | "ipv4_only" | "ipv6_only" | null;
            /**
             * @description Cannot be changed: leave it out. Reinstall the server.
             * @example ssh_key
             * @enum {string|null}
             */
            auth_method?: "ssh_key" | "password" | null;
            /**
             * Format: int64
             * @description Cannot be changed: leave it out. Reinstall the server.
             * @example 12
             */
            ssh_key_id?: number | null;
            /**
             * @example shared
             * @enum {string}
             */
            cpu_allocation_type?: "shared" | "dedicated";
            /**
             * @description A name from `GET /vps/plans`.
             * @example nano_shared
             */
            resource_profile?: string | null;
            configuration?: components["schemas"]["VpsConfiguration"];
            /**
             * @description Whether a snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled?: boolean;
        };
        VpsUpdated: {
            /** @example The server is being updated. */
            message: string;
            instance: components["schemas"]["Vps"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        VpsStatusResponse: {
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `stopping`, `stopped`, `rebooting`, `restoring`, `reinstalling`, `error`, `destroying`, `recreating`.
             * @example running
             */
            status: string;
            /**
             * @description The status as text for people.
             * @example Running
             */
            status_label: string;
            /**
             * @description Values so far: `green`, `gray`, `yellow`, `red`.
             * @example green
             */
            status_color: string;
            /** @example false */
            can_be_started: boolean;
            /** @example true */
            can_be_stopped: boolean;
            /** @example true */
            can_be_rebooted: boolean;
            /** @example false */
            can_be_destroyed: boolean;
            /**
             * @description Whether the status is about to change: poll again.
             * @example false
             */
            is_transitional: boolean;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string | null;
        };
        VpsPassword: {
            /** @example kT7wq2mXf9RzcV4h */
            password: string | null;
            /**
             * @description Values so far: `root`.
             * @example root
             */
            username: string;
            /**
             * Format: ipv4
             * @example 10.64.0.10
             */
            public_ip: string | null;
            /**
             * @description How root logs in over SSH. Values so far: `ssh_key`, `password`.
             * @example ssh_key
             */
            auth_method: string;
        };
        VpsActionResponse: {
            /** @example It has been accepted. */
            message: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `stopping`, `stopped`, `rebooting`, `restoring`, `reinstalling`, `error`, `destroying`, `recreating`.
             * @example pending
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        /**
         * @example {
         *       "image": "debian-12",
         *       "custom_cloud_init": "#cloud-config\npackages: [nginx]\n"
         *     }
         */
        ReinstallVps: {
            /**
             * @description A name from `GET /vps/images`.
             * @example debian-12
             */
            image: string;
            /**
             * @description How root logs in over SSH.
             * @example ssh_key
             * @enum {string|null}
             */
            auth_method?: "ssh_key" | "password" | null;
            /**
             * Format: int64
             * @description Without it, the server’s key is installed again, as long as the team still has it.
             * @example 12
             */
            ssh_key_id?: number | null;
            /**
             * Format: password
             * @description Without it, the password stays. At least 12 characters, on one line.
             * @example correct horse battery
             */
            password?: string | null;
            /**
             * Format: password
             * @example correct horse battery
             */
            password_confirmation?: string | null;
            /**
             * @description cloud-init user-data in any of its formats, for example `#cloud-config` YAML or a script that begins with `#!`; also in base64, or compressed with gzip and then in base64. At most 65,536 bytes, and 262,144 once unpacked.
             * @example #cloud-config
             *     packages: [nginx]
             */
            custom_cloud_init?: string | null;
        };
        VpsLogResponse: {
            /** @example true */
            success: boolean;
            data: components["schemas"]["VpsLog"];
            error: components["schemas"]["DiagnosticErrorOrNull"];
            meta: components["schemas"]["DiagnosticMeta"];
        };
        VpsLog: {
            /** @example true */
            available: boolean;
            /**
             * @description Values so far: `console`, `cloud-init`, `cloud-init-output`.
             * @example console
             */
            log: string;
            /**
             * @description The last 256 KiB. Null where there is no such log; `meta.reason` says why.
             * @example Cloud-init v. 22.4.2 finished at Thu, 15 Jan 2026 09:30:00 +0000.
             */
            text: string | null;
        };
        DiagnosticErrorOrNull: {
            /** @example unavailable */
            code: string;
            /** @example The instance does not answer. */
            message: string;
            /** @example true */
            retryable: boolean;
        } | null;
        DiagnosticMeta: {
            /** @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19 */
            request_id: string;
            /**
             * @description Send it with the next request to continue after the last entry.
             * @example 2026-01-15T09:30:00.12345-0000
             */
            cursor?: string | null;
            /**
             * @description Whether `limit` left entries out.
             * @example false
             */
            truncated?: boolean;
            /** @example The database is stopped. */
            reason?: string | null;
        };
        VpsMetrics: {
            cpu: components["schemas"]["VpsMetricsCpu"];
            memory: components["schemas"]["VpsMetricsMemory"];
            storage: components["schemas"]["VpsMetricsStorage"];
            network: components["schemas"]["VpsMetricsNetwork"];
            /**
             * Format: int32
             * @example 3600
             */
            uptime_seconds: number | null;
            /**
             * Format: date-time
             * @description When it was asked for; null where nothing was measured.
             * @example 2026-01-15T09:30:00.000Z
             */
            timestamp: string | null;
        };
        VpsMetricsCpu: {
            /**
             * @description Of all its processors together.
             * @example 12.5
             */
            usage_percent: number | null;
            /**
             * Format: int32
             * @example 2
             */
            cores: number;
            /**
             * Format: int32
             * @example 1
             */
            sockets: number;
            /**
             * Format: int32
             * @example 2
             */
            threads: number;
        };
        VpsMetricsMemory: {
            /** @example 0.5 */
            used_gb: number | null;
            /** @example 2 */
            total_gb: number;
            /** @example 25 */
            usage_percent: number | null;
        };
        VpsMetricsStorage: {
            /** @example 4 */
            used_gb: number | null;
            /** @example 40 */
            total_gb: number;
            /** @example 10 */
            usage_percent: number | null;
        };
        VpsMetricsNetwork: {
            /** @example 1200 */
            rx_bytes_per_sec: number | null;
            /** @example 3400 */
            tx_bytes_per_sec: number | null;
            /**
             * @description Packets that were lost or broken, as a fraction from 0 to 1.
             * @example 0
             */
            error_rate: number | null;
            /**
             * @description From 1 % on `Warning`, from 5 % on `Critical`. Values so far: `Healthy`, `Warning`, `Critical`.
             * @example Healthy
             */
            status: string | null;
        };
        MetricHistory: {
            /** @example cpu_usage */
            metric: string;
            /**
             * @description Values so far: `%`, `bytes`, `bytes/s`, `processes`, `connections`, `ops/s`.
             * @example %
             */
            unit: string;
            /**
             * Format: date-time
             * @description The moment of the first point: `from`, rounded up to a multiple of the step.
             * @example 2026-01-15T09:30:00.000Z
             */
            from: string;
            /**
             * Format: date-time
             * @description The moment of the last point.
             * @example 2026-01-15T09:30:00.000Z
             */
            to: string;
            /**
             * Format: int32
             * @example 60
             */
            step: number;
            points: components["schemas"]["MetricPoint"][];
        };
        MetricPoint: {
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            time: string;
            /**
             * @description Null: nothing was measured, for example because it did not run.
             * @example 12.5
             */
            value: number | null;
        };
        CurrentMetrics: {
            /** @example cpu_usage */
            metric: string;
            /**
             * @description Values so far: `%`, `bytes`, `bytes/s`, `processes`, `connections`, `ops/s`.
             * @example %
             */
            unit: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            time: string;
            /** @description Those that have a value now. */
            data: components["schemas"]["CurrentMetric"][];
        };
        CurrentMetric: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example 12.5 */
            value: number;
        };
        InstanceEventsResponse: {
            /** @example true */
            success: boolean;
            data: components["schemas"]["InstanceEvents"];
            error: components["schemas"]["DiagnosticErrorOrNull"];
            meta: components["schemas"]["DiagnosticMeta"];
        };
        InstanceEvents: {
            /** @example true */
            available: boolean;
            events: components["schemas"]["InstanceEvent"][];
        };
        InstanceEvent: {
            /**
             * @description Values so far: `Normal`, `Warning`.
             * @example Normal
             */
            type: string;
            /** @example Created */
            reason: string;
            /** @example The database was created and answers queries. */
            message: string;
            /** @example database/shop */
            resource: string;
            /** @example 1 */
            count: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            first_seen: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_seen: string;
        };
        DiagnosisResponse: {
            /** @example true */
            success: boolean;
            data: components["schemas"]["Diagnosis"];
            error: components["schemas"]["DiagnosticErrorOrNull"];
            meta: components["schemas"]["DiagnosticMeta"];
        };
        Diagnosis: {
            /**
             * @description Values so far: `healthy`, `degraded`, `unhealthy`, `stopped`.
             * @example healthy
             */
            verdict: string;
            status: components["schemas"]["StatusDetails"];
            findings: components["schemas"]["Finding"][];
            sections: components["schemas"]["DiagnosisSections"];
        };
        Finding: {
            /** @example disk_nearly_full */
            code: string;
            /**
             * @description Values so far: `critical`, `warning`, `info`.
             * @example critical
             */
            severity: string;
            /** @example 91 % of its 10 GB of storage are in use. */
            summary: string;
            /** @example Grow its storage. */
            remediation: string | null;
            /** @example false */
            retryable: boolean;
        };
        DiagnosisSections: {
            events: components["schemas"]["DiagnosisSectionsEvents"];
            logs: components["schemas"]["DiagnosisSectionsLogs"];
            disk: components["schemas"]["DiagnosisSectionsDisk"];
        };
        DiagnosisSectionsEvents: {
            /** @example true */
            available: boolean;
            /**
             * Format: int32
             * @example 3
             */
            count: number;
            /** @example false */
            truncated: boolean;
        } | null;
        DiagnosisSectionsLogs: {
            /** @example true */
            available: boolean;
            /**
             * Format: int32
             * @example 120
             */
            sampled_lines: number;
        } | null;
        DiagnosisSectionsDisk: {
            /**
             * Format: int32
             * @description How much the instance can store. Writes beyond it fail.
             * @example 40
             */
            size_gb: number;
            /**
             * Format: int32
             * @description 1 GB is 1,024 MB. `df` in the instance shows a different figure. Null if it is not known at the moment.
             * @example 3120
             */
            used_mb: number | null;
        };
        DatabaseList: {
            data: components["schemas"]["Database"][];
            pagination: components["schemas"]["Pagination"];
        };
        Database: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example shop */
            name: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `updating`, `stopping`, `stopped`, `restoring`, `error`, `destroying`.
             * @example running
             */
            status: string;
            /**
             * @description The status as text for people.
             * @example Running
             */
            status_label: string;
            status_details: components["schemas"]["StatusDetails"];
            capabilities: components["schemas"]["Capabilities"];
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * Format: int32
             * @example 1
             */
            cpu_cores: number;
            /**
             * Format: int32
             * @example 1024
             */
            memory_size_mb: number;
            /** @example 17 */
            version: string;
            /**
             * Format: int64
             * @example 1
             */
            provider_id: number;
            provider: components["schemas"]["ServiceProvider"];
            /**
             * Format: int32
             * @example 10
             */
            storage_size_gb: number;
            /**
             * @description The first database; null for the engine’s own. You can create more with SQL.
             * @example shop
             */
            database_name: string | null;
            /** @example fsn1 */
            datacenter: string;
            engine: components["schemas"]["DatabaseEngine"];
            /**
             * @description Its address in the team’s network.
             * @example 10.64.0.10
             */
            endpoint: string;
            /**
             * Format: int32
             * @example 5432
             */
            port: number;
            /**
             * @description Null unless it was published with `POST …/dns`.
             * @example 203.0.113.7
             */
            dns_hostname: string | null;
            /**
             * Format: int32
             * @example 20000
             */
            dns_port: number | null;
            /**
             * @description Its name in the team’s network.
             * @example ip-10-64-0-10.danube.internal
             */
            internal_host: string;
            /**
             * Format: int32
             * @example 5432
             */
            internal_port: number;
            /** @example ip-10-64-0-10.danube.internal:5432 */
            internal_endpoint: string;
            /** @example 203.0.113.7:20000 */
            public_endpoint: string | null;
            /**
             * @description What clients should connect to now.
             * @example 10.64.0.10
             */
            connection_host: string;
            /**
             * Format: int32
             * @example 5432
             */
            connection_port: number;
            /**
             * @description Always null: there is no proxy.
             * @example proxy.example.org
             */
            proxy_dns_hostname: string | null;
            /**
             * Format: int32
             * @example 5432
             */
            proxy_dns_port: number | null;
            /**
             * Format: int32
             * @example 5432
             */
            proxy_any_dns_port: number | null;
            /** @example danube */
            username: string;
            storage_autoscale_policy: components["schemas"]["StorageAutoscalePolicyOrNull"];
            /**
             * @example {
             *       "max_connections": "200"
             *     }
             */
            configuration: {
                [key: string]: string;
            };
            parameter_group: components["schemas"]["ParameterGroupReferenceOrNull"];
            /** @description Parameters whose new values take effect at the next start. */
            pending_restart: string[];
            /**
             * @description Whether a snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled: boolean;
            /**
             * Format: int32
             * @example 999
             */
            monthly_cost_cents: number;
            /** @example 9.99 */
            monthly_cost_dollars: number;
            /**
             * Format: date-time
             * @description When it was running for the first time.
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
             * @description Whether deletion is accepted now.
             * @example true
             */
            can_be_destroyed: boolean;
        };
        ServiceProvider: {
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /** @example PostgreSQL */
            name: string;
            /** @example postgresql */
            type: string;
        };
        DatabaseEngine: {
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /** @example PostgreSQL */
            name: string;
        };
        StorageAutoscalePolicyOrNull: {
            /** @example false */
            enabled: boolean;
            /**
             * Format: int32
             * @example 80
             */
            threshold_percent: number;
            /**
             * Format: int32
             * @example 10
             */
            increment_gib: number;
            /**
             * Format: int32
             * @example 10000
             */
            max_storage_gib: number;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_scaled_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_checked_at: string | null;
        } | null;
        ParameterGroupReferenceOrNull: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
        } | null;
        /**
         * @example {
         *       "name": "shop",
         *       "provider": "postgresql",
         *       "version": "17",
         *       "database_name": "shop",
         *       "datacenter": "fsn1",
         *       "resource_profile": "micro"
         *     }
         */
        CreateDatabase: {
            /**
             * @description Lower-case letters, digits and hyphens.
             * @example shop
             */
            name: string;
            /**
             * @example postgresql
             * @enum {string|null}
             */
            provider?: "postgresql" | "mysql" | "mariadb" | null;
            /**
             * Format: int64
             * @description The provider as a number. One of the two is required.
             * @example 1
             */
            database_provider_id?: number | null;
            /**
             * @description The first database to create.
             * @example shop
             */
            database_name?: string | null;
            /**
             * @description A version from `GET …/plans`; by default the newest.
             * @example 17
             */
            version?: string | null;
            /**
             * @description Engine parameters by name. They replace all that were set here before.
             * @example {
             *       "max_connections": 200
             *     }
             */
            configuration?: {
                [key: string]: components["schemas"]["ParameterValue"];
            } | null;
            /**
             * Format: int64
             * @example 7
             */
            parameter_group_id?: number | null;
            /** @example fsn1 */
            datacenter: string;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * @description Whether the storage grows automatically when it fills up.
             * @example true
             */
            storage_autoscaling_enabled?: boolean | null;
            /**
             * Format: int32
             * @description How full the storage must be before it grows, in per cent.
             * @example 80
             */
            storage_autoscale_threshold_percent?: number | null;
            /**
             * Format: int32
             * @description How much it grows each time, in GB.
             * @example 10
             */
            storage_autoscale_increment_gib?: number | null;
        };
        ParameterValue: string | number | boolean;
        DatabaseCreated: {
            /** @example The database is being created. */
            message: string;
            instance: components["schemas"]["Database"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        DatabasePlanList: {
            plans: components["schemas"]["DatabasePlan"][];
            providers: components["schemas"]["DatabaseProviderOffer"][];
        };
        DatabasePlan: {
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            name: string;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            slug: string;
            /** @example Small */
            display_name: string;
            /**
             * Format: int32
             * @example 40
             */
            storage_size_gb: number;
            /**
             * Format: int32
             * @example 40
             */
            storage_gb: number;
            /**
             * Format: int32
             * @example 449
             */
            monthly_cost_cents: number;
            /** @example 4.49 */
            monthly_cost_dollars: number;
            /** @example 4.49 */
            monthly_cost: number;
            /**
             * @description Values so far: `EUR`.
             * @example EUR
             */
            currency: string;
            /**
             * Format: int32
             * @example 1
             */
            cpu_cores: number;
            /**
             * Format: int32
             * @example 1024
             */
            memory_size_mb: number;
            /**
             * Format: int32
             * @example 1024
             */
            memory_mb: number;
        };
        DatabaseProviderOffer: {
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /**
             * @description Values so far: `postgresql`, `mysql`, `mariadb`.
             * @example postgresql
             */
            type: string;
            /** @example PostgreSQL */
            name: string;
            versions: string[];
            /** @example 18 */
            default_version: string;
            /** @description What the account may add with `CREATE EXTENSION`, by version. */
            extensions: components["schemas"]["DatabaseExtensions"][];
        };
        DatabaseExtensions: {
            /** @example 18 */
            version: string;
            names: string[];
        };
        DatabaseResponse: {
            instance: components["schemas"]["Database"];
            /**
             * @description A URI without the password, which clients ask for or take from elsewhere. `GET …/credentials` returns one with it. Null until it has been running for the first time.
             * @example postgresql://danube@10.64.0.10:5432/shop?sslmode=require
             */
            connection_info: string | null;
            /** @example 9.99 */
            monthly_cost: number;
        };
        /**
         * @example {
         *       "resource_profile": "small",
         *       "storage_size_gb": 30
         *     }
         */
        UpdateDatabase: {
            /**
             * @description Lower-case letters, digits and hyphens.
             * @example shop
             */
            name?: string;
            /**
             * @description Engine parameters by name. They replace all that were set here before.
             * @example {
             *       "max_connections": 200
             *     }
             */
            configuration?: {
                [key: string]: components["schemas"]["ParameterValue"];
            };
            /**
             * Format: int32
             * @description Size of the storage in GB. It can grow, but never shrink.
             * @example 20
             */
            storage_size_gb?: number;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile?: string;
            /**
             * Format: int64
             * @example 7
             */
            parameter_group_id?: number | null;
            /**
             * @description Whether a snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled?: boolean;
            /**
             * @description Cannot be changed: leave it out.
             * @example postgresql
             */
            provider?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example 17
             */
            version?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example fsn1
             */
            datacenter?: string | null;
            /**
             * @description Cannot be changed: leave it out. Create databases with SQL.
             * @example shop
             */
            database_name?: string | null;
            /**
             * @description Whether the storage grows automatically when it fills up.
             * @example true
             */
            storage_autoscaling_enabled?: boolean | null;
            /**
             * Format: int32
             * @description How full the storage must be before it grows, in per cent.
             * @example 80
             */
            storage_autoscale_threshold_percent?: number | null;
            /**
             * Format: int32
             * @description How much it grows each time, in GB.
             * @example 10
             */
            storage_autoscale_increment_gib?: number | null;
        };
        DatabaseUpdated: {
            /** @example The database is being updated. */
            message: string;
            instance: components["schemas"]["Database"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        DatabaseActionResponse: {
            /** @example It has been accepted. */
            message: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `updating`, `stopping`, `stopped`, `restoring`, `error`, `destroying`.
             * @example pending
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        DatabaseCredentials: {
            /** @example 10.64.0.10 */
            host: string;
            /**
             * Format: int32
             * @example 5432
             */
            port: number;
            /** @example danube */
            username: string;
            /** @example kT7wq2mXf9RzcV4hB3nYpLsD */
            password: string;
            /**
             * Format: date-time
             * @description Until when the password before the last rotation works, too. Null: it does not.
             * @example 2026-01-15T09:30:00.000Z
             */
            previous_password_expires_at: string | null;
            /**
             * @description A URI that clients accept unchanged.
             * @example postgresql://danube:kT7wq2mX@10.64.0.10:5432/shop?sslmode=require
             */
            connection_info: string;
            /** @example shop */
            database: string | null;
        };
        /**
         * @example {
         *       "overlap_seconds": 3600
         *     }
         */
        RotateCredentials: {
            /**
             * Format: int32
             * @description For how long the present password works beside the new one: by default a day, at most a week. With 0, it stops working at once.
             * @example 3600
             */
            overlap_seconds?: number | null;
        };
        DatabaseCredentialsRotated: {
            /** @example The database is getting a new password. */
            message: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `updating`, `stopping`, `stopped`, `restoring`, `error`, `destroying`.
             * @example updating
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        DatabasePublished: {
            /** @example The database is being published. */
            message: string;
            /** @example 203.0.113.7 */
            dns_hostname: string;
            /**
             * Format: int32
             * @example 20000
             */
            dns_port: number | null;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        DatabaseWithdrawn: {
            /** @example The database is being withdrawn. */
            message: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        LogsResponse: {
            /** @example true */
            success: boolean;
            data: components["schemas"]["Logs"];
            error: components["schemas"]["DiagnosticErrorOrNull"];
            meta: components["schemas"]["DiagnosticMeta"];
        };
        Logs: {
            /** @example true */
            available: boolean;
            entries: components["schemas"]["LogEntry"][];
        };
        LogEntry: {
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            timestamp: string;
            /** @example database system is ready to accept connections */
            message: string;
            /**
             * @description Values so far: `debug`, `info`, `warn`, `error`.
             * @example info
             */
            level: string;
            /** @example database-0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e */
            pod: string;
            /** @example postgresql */
            container: string;
            /**
             * @description Values so far: `stderr`.
             * @example stderr
             */
            stream: string;
        };
        DatabaseMetrics: {
            summary: components["schemas"]["DatabaseMetricsSummary"];
            health: components["schemas"]["DatabaseMetricsHealth"];
            instance: components["schemas"]["DatabaseMetricsInstance"];
        };
        DatabaseMetricsSummary: {
            /**
             * Format: int64
             * @example 52428800
             */
            memory_used_bytes: number | null;
            /** @example 50 */
            memory_used_mb: number | null;
            /**
             * Format: int64
             * @example 4
             */
            connected_clients: number | null;
            /**
             * Format: int64
             * @example 100
             */
            max_clients: number | null;
            /**
             * Format: int64
             * @description Count since the engine started.
             * @example 1200
             */
            total_queries: number | null;
            /**
             * Format: int64
             * @description Null if the engine does not count them.
             * @example 3
             */
            slow_queries: number | null;
            /**
             * Format: int64
             * @example 3600
             */
            uptime_seconds: number | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            retrieved_at: string | null;
            /** @example The database is stopped. */
            reason: string | null;
        };
        DatabaseMetricsHealth: {
            /**
             * @description Whether it has just answered an authenticated query.
             * @example true
             */
            is_healthy: boolean;
            /**
             * @description Values so far: `up`, `down`.
             * @example up
             */
            up_status: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            checked_at: string | null;
        };
        DatabaseMetricsInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example shop */
            name: string;
        };
        CacheList: {
            data: components["schemas"]["Cache"][];
            pagination: components["schemas"]["Pagination"];
        };
        Cache: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example shop */
            name: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `updating`, `stopping`, `stopped`, `restoring`, `error`, `destroying`.
             * @example running
             */
            status: string;
            /**
             * @description The status as text for people.
             * @example Running
             */
            status_label: string;
            status_details: components["schemas"]["StatusDetails"];
            capabilities: components["schemas"]["Capabilities"];
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * Format: int32
             * @example 1
             */
            cpu_cores: number;
            /**
             * Format: int32
             * @example 1024
             */
            memory_size_mb: number;
            /** @example 17 */
            version: string;
            /**
             * Format: int64
             * @example 1
             */
            provider_id: number;
            provider: components["schemas"]["ServiceProvider"];
            /** @example fsn1 */
            datacenter: string;
            /**
             * @description Its address in the team’s network.
             * @example 10.64.0.10
             */
            endpoint: string;
            /**
             * Format: int32
             * @example 6380
             */
            port: number;
            /**
             * @description Null unless it was published with `POST …/dns`.
             * @example 203.0.113.7
             */
            dns_hostname: string | null;
            /**
             * Format: int32
             * @example 20000
             */
            dns_port: number | null;
            /**
             * @description Its name in the team’s network.
             * @example ip-10-64-0-10.danube.internal
             */
            internal_host: string;
            /**
             * Format: int32
             * @example 6380
             */
            internal_port: number;
            /** @example ip-10-64-0-10.danube.internal:6380 */
            internal_endpoint: string;
            /** @example 203.0.113.7:20000 */
            public_endpoint: string | null;
            /**
             * @description What clients should connect to now.
             * @example 10.64.0.10
             */
            connection_host: string;
            /**
             * Format: int32
             * @example 6380
             */
            connection_port: number;
            /**
             * Format: int32
             * @description The port without TLS, in the team’s network.
             * @example 6379
             */
            plain_port: number | null;
            /**
             * @example {
             *       "maxmemory-policy": "allkeys-lru"
             *     }
             */
            configuration: {
                [key: string]: string;
            };
            parameter_group: components["schemas"]["ParameterGroupReferenceOrNull"];
            /** @description Parameters whose new values take effect at the next start. */
            pending_restart: string[];
            /**
             * @description Whether a snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled: boolean;
            /**
             * Format: int32
             * @example 999
             */
            monthly_cost_cents: number;
            /** @example 9.99 */
            monthly_cost_dollars: number;
            /**
             * Format: date-time
             * @description When it was running for the first time.
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
             * @description Whether deletion is accepted now.
             * @example true
             */
            can_be_destroyed: boolean;
        };
        /**
         * @example {
         *       "name": "sessions",
         *       "provider": "redis",
         *       "datacenter": "fsn1",
         *       "resource_profile": "micro"
         *     }
         */
        CreateCache: {
            /**
             * @description Lower-case letters, digits and hyphens.
             * @example shop
             */
            name: string;
            /**
             * @example redis
             * @enum {string|null}
             */
            provider?: "redis" | "valkey" | null;
            /**
             * Format: int64
             * @description The provider as a number. One of the two is required.
             * @example 4
             */
            cache_provider_id?: number | null;
            /**
             * @description A version from `GET …/plans`; by default the newest.
             * @example 8.0
             */
            version?: string | null;
            /**
             * @description Engine parameters by name. They replace all that were set here before.
             * @example {
             *       "maxmemory-policy": "allkeys-lfu"
             *     }
             */
            configuration?: {
                [key: string]: components["schemas"]["ParameterValue"];
            } | null;
            /**
             * Format: int64
             * @example 7
             */
            parameter_group_id?: number | null;
            /** @example fsn1 */
            datacenter: string;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
        };
        CacheCreated: {
            /** @example The cache is being created. */
            message: string;
            instance: components["schemas"]["Cache"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        CachePlanList: {
            plans: components["schemas"]["CachePlan"][];
            providers: components["schemas"]["CacheProviderOffer"][];
        };
        CachePlan: {
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            name: string;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            slug: string;
            /** @example Small */
            display_name: string;
            /**
             * Format: int32
             * @example 40
             */
            storage_size_gb: number;
            /**
             * Format: int32
             * @example 40
             */
            storage_gb: number;
            /**
             * Format: int32
             * @example 449
             */
            monthly_cost_cents: number;
            /** @example 4.49 */
            monthly_cost_dollars: number;
            /** @example 4.49 */
            monthly_cost: number;
            /**
             * @description Values so far: `EUR`.
             * @example EUR
             */
            currency: string;
            /**
             * @description The `provider` of the query.
             * @example redis
             */
            provider: string | null;
            /**
             * Format: int32
             * @example 1
             */
            cpu_cores: number;
            /**
             * Format: int32
             * @example 1024
             */
            memory_size_mb: number;
            /**
             * Format: int32
             * @example 1024
             */
            memory_mb: number;
        };
        CacheProviderOffer: {
            /**
             * Format: int64
             * @example 1
             */
            id: number;
            /**
             * @description Values so far: `redis`, `valkey`.
             * @example redis
             */
            type: string;
            /** @example Redis */
            name: string;
            versions: string[];
            /** @example 8.0 */
            default_version: string;
            /** @description What the account may add with `CREATE EXTENSION`, by version. */
            extensions: components["schemas"]["CacheExtensions"][];
        };
        CacheExtensions: {
            /** @example 8.0 */
            version: string;
            names: string[];
        };
        CacheResponse: {
            instance: components["schemas"]["Cache"];
            /**
             * @description A URI without the password, which clients ask for or take from elsewhere. `GET …/credentials` returns one with it. Null until it has been running for the first time.
             * @example rediss://default@10.64.0.10:6380/
             */
            connection_info: string | null;
            /** @example 9.99 */
            monthly_cost: number;
        };
        /**
         * @example {
         *       "resource_profile": "small"
         *     }
         */
        UpdateCache: {
            /**
             * @description Lower-case letters, digits and hyphens.
             * @example shop
             */
            name?: string;
            /**
             * @description Engine parameters by name. They replace all that were set here before.
             * @example {
             *       "maxmemory-policy": "allkeys-lfu"
             *     }
             */
            configuration?: {
                [key: string]: components["schemas"]["ParameterValue"];
            };
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile?: string;
            /**
             * Format: int64
             * @example 7
             */
            parameter_group_id?: number | null;
            /**
             * @description Whether a snapshot is taken every day.
             * @example true
             */
            automated_snapshots_enabled?: boolean;
            /**
             * @description Cannot be changed: leave it out.
             * @example postgresql
             */
            provider?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example 17
             */
            version?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example fsn1
             */
            datacenter?: string | null;
        };
        CacheUpdated: {
            /** @example The cache is being updated. */
            message: string;
            instance: components["schemas"]["Cache"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        CacheActionResponse: {
            /** @example It has been accepted. */
            message: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `updating`, `stopping`, `stopped`, `restoring`, `error`, `destroying`.
             * @example pending
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        CacheCredentials: {
            /** @example 10.64.0.10 */
            host: string;
            /**
             * Format: int32
             * @example 6380
             */
            port: number;
            /** @example default */
            username: string;
            /** @example kT7wq2mXf9RzcV4hB3nYpLsD */
            password: string;
            /**
             * Format: date-time
             * @description Until when the password before the last rotation works, too. Null: it does not.
             * @example 2026-01-15T09:30:00.000Z
             */
            previous_password_expires_at: string | null;
            /**
             * @description A URI that clients accept unchanged.
             * @example rediss://default:kT7wq2mX@10.64.0.10:6380/
             */
            connection_info: string;
        };
        CacheCredentialsRotated: {
            /** @example The cache is getting a new password. */
            message: string;
            /**
             * @description Values so far: `pending`, `provisioning`, `starting`, `running`, `updating`, `stopping`, `stopped`, `restoring`, `error`, `destroying`.
             * @example updating
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        CachePublished: {
            /** @example The cache is being published. */
            message: string;
            /** @example 203.0.113.7 */
            dns_hostname: string;
            /**
             * Format: int32
             * @example 20000
             */
            dns_port: number | null;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        CacheWithdrawn: {
            /** @example The cache is being withdrawn. */
            message: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        CacheMetrics: {
            summary: components["schemas"]["CacheMetricsSummary"];
            health: components["schemas"]["CacheMetricsHealth"];
            instance: components["schemas"]["CacheMetricsInstance"];
        };
        CacheMetricsSummary: {
            /**
             * Format: int64
             * @example 52428800
             */
            memory_used_bytes: number | null;
            /** @example 50 */
            memory_used_mb: number | null;
            /**
             * Format: int64
             * @example 4
             */
            connected_clients: number | null;
            /**
             * Format: int64
             * @example 100
             */
            max_clients: number | null;
            /**
             * Format: int64
             * @description Count since the engine started.
             * @example 1200
             */
            total_commands_processed: number | null;
            /**
             * Format: int64
             * @example 900
             */
            keyspace_hits: number | null;
            /**
             * Format: int64
             * @example 100
             */
            keyspace_misses: number | null;
            /**
             * @description 0 until the first read. Null only if the cache does not answer.
             * @example 90
             */
            hit_ratio_percentage: number | null;
            /**
             * Format: int64
             * @example 3600
             */
            uptime_seconds: number | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            retrieved_at: string | null;
            /** @example The database is stopped. */
            reason: string | null;
        };
        CacheMetricsHealth: {
            /**
             * @description Whether it has just answered an authenticated query.
             * @example true
             */
            is_healthy: boolean;
            /**
             * @description Values so far: `up`, `down`.
             * @example up
             */
            up_status: string;
            /**
             * @description The same as `up_status`. Values so far: `up`, `down`.
             * @example up
             */
            redis_up: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            checked_at: string | null;
        };
        CacheMetricsInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example shop */
            name: string;
        };
        VpsSnapshotList: {
            data: components["schemas"]["VpsSnapshot"][];
            pagination: components["schemas"]["Pagination"];
        };
        VpsSnapshot: {
            /**
             * Format: int64
             * @example 12
             */
            id: number;
            /**
             * Format: uuid
             * @description What operations and events call it.
             * @example 0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f
             */
            resource_id: string;
            /** @example before-upgrade */
            name: string;
            /** @example Before the upgrade to 2.0. */
            description: string | null;
            /**
             * @description Values so far: `creating`, `ready`, `restoring`, `restore_failed`, `failed`, `destroying`.
             * @example ready
             */
            status: string;
            /**
             * @description How much data the snapshot holds. 0 until it is ready.
             * @example 1.4
             */
            size_gb: number;
            /**
             * Format: int64
             * @description How much data the snapshot holds. 0 until it is ready.
             * @example 1503238553
             */
            size_bytes: number;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            vps_instance_id: string;
            vps_instance: components["schemas"]["VpsSnapshotVpsInstance"];
            /**
             * @description `manual`: by request. `automatic`: the daily snapshot. `safety`: the state of the server before a restore. Values so far: `manual`, `automatic`, `safety`.
             * @example manual
             */
            reason: string;
            /**
             * @description Whether Danube took it automatically. Such snapshots do not count towards the quota, and Danube deletes old ones.
             * @example false
             */
            automatic: boolean;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * Format: int32
             * @description Size of the server’s disk at that time, in GB.
             * @example 40
             */
            storage_size_gb: number;
            /** @example debian-12 */
            image: string;
            /**
             * Format: date-time
             * @description When it was last restored in a restore drill.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_verified_at: string | null;
            verification: components["schemas"]["SnapshotVerificationOrNull"];
            error: components["schemas"]["SnapshotErrorOrNull"];
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
             * @description Null if Danube took it automatically.
             * @example 1
             */
            user_id: number | null;
        };
        VpsSnapshotVpsInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example web-1 */
            name: string;
        };
        SnapshotVerificationOrNull: {
            /**
             * @description Whether the restored instance answered and its data were intact.
             * @example true
             */
            ok: boolean;
            /**
             * @description How long it took from the snapshot to an instance that answers.
             * @example 4.2
             */
            seconds_to_restore: number | null;
            /**
             * Format: int64
             * @description The number of rows in all tables, or of keys in a cache. Null for a server.
             * @example 120000
             */
            items: number | null;
            /** @example pg_amcheck found nothing wrong. */
            message: string | null;
        } | null;
        SnapshotErrorOrNull: {
            /** @example failed */
            code: string;
            /** @example The host refused. */
            message: string;
            /** @example false */
            retryable: boolean;
        } | null;
        CreateVpsSnapshot: {
            /**
             * Format: uuid
             * @description The server to take a snapshot of.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            vps_instance_id: string;
            /** @example before-upgrade */
            name: string;
            /** @example Before the upgrade to 2.0. */
            description?: string | null;
        };
        VpsSnapshotCreated: {
            /** @example The snapshot is being taken. Ask for its status until it is ready. */
            message: string;
            snapshot: components["schemas"]["VpsSnapshot"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        VpsSnapshotResponse: {
            snapshot: components["schemas"]["VpsSnapshot"];
        };
        SnapshotActionResponse: {
            /** @example It has been accepted. */
            message: string;
            /**
             * @description Values so far: `creating`, `ready`, `restoring`, `restore_failed`, `failed`, `destroying`.
             * @example creating
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        DatabaseSnapshotList: {
            data: components["schemas"]["DatabaseSnapshot"][];
            pagination: components["schemas"]["Pagination"];
        };
        DatabaseSnapshot: {
            /**
             * Format: int64
             * @example 12
             */
            id: number;
            /**
             * Format: uuid
             * @description What operations and events call it.
             * @example 0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f
             */
            resource_id: string;
            /** @example before-upgrade */
            name: string;
            /** @example Before the upgrade to 2.0. */
            description: string | null;
            /**
             * @description Values so far: `creating`, `ready`, `restoring`, `restore_failed`, `failed`, `destroying`.
             * @example ready
             */
            status: string;
            /**
             * @description How much data the snapshot holds. 0 until it is ready.
             * @example 1.4
             */
            size_gb: number;
            /**
             * Format: int64
             * @description How much data the snapshot holds. 0 until it is ready.
             * @example 1503238553
             */
            size_bytes: number;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            database_instance_id: string;
            database_instance: components["schemas"]["DatabaseSnapshotDatabaseInstance"];
            /**
             * @description `manual`: by request. `automatic`: the daily snapshot. `safety`: the state of the database before a restore. Values so far: `manual`, `automatic`, `safety`.
             * @example manual
             */
            reason: string;
            /**
             * @description Whether Danube took it automatically. Such snapshots do not count towards the quota, and Danube deletes old ones.
             * @example false
             */
            automatic: boolean;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * Format: int32
             * @description Size of the database’s disk at that time, in GB.
             * @example 10
             */
            storage_size_gb: number;
            /** @example postgresql */
            provider: string;
            /** @example 17 */
            version: string;
            /**
             * Format: date-time
             * @description When it was last restored in a restore drill.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_verified_at: string | null;
            verification: components["schemas"]["SnapshotVerificationOrNull"];
            error: components["schemas"]["SnapshotErrorOrNull"];
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
             * @description Null if Danube took it automatically.
             * @example 1
             */
            user_id: number | null;
        };
        DatabaseSnapshotDatabaseInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example shop */
            name: string;
        };
        CreateDatabaseSnapshot: {
            /**
             * Format: uuid
             * @description The database to take a snapshot of.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            database_instance_id: string;
            /** @example before-upgrade */
            name: string;
            /** @example Before the upgrade to 2.0. */
            description?: string | null;
        };
        DatabaseSnapshotCreated: {
            /** @example The snapshot is being taken. Ask for its status until it is ready. */
            message: string;
            snapshot: components["schemas"]["DatabaseSnapshot"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        DatabaseSnapshotResponse: {
            snapshot: components["schemas"]["DatabaseSnapshot"];
        };
        CacheSnapshotList: {
            data: components["schemas"]["CacheSnapshot"][];
            pagination: components["schemas"]["Pagination"];
        };
        CacheSnapshot: {
            /**
             * Format: int64
             * @example 12
             */
            id: number;
            /**
             * Format: uuid
             * @description What operations and events call it.
             * @example 0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f
             */
            resource_id: string;
            /** @example before-upgrade */
            name: string;
            /** @example Before the upgrade to 2.0. */
            description: string | null;
            /**
             * @description Values so far: `creating`, `ready`, `restoring`, `restore_failed`, `failed`, `destroying`.
             * @example ready
             */
            status: string;
            /**
             * @description How much data the snapshot holds. 0 until it is ready.
             * @example 143.6
             */
            size_mb: number;
            /**
             * Format: int64
             * @description How much data the snapshot holds. 0 until it is ready.
             * @example 1503238553
             */
            size_bytes: number;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            cache_instance_id: string;
            cache_instance: components["schemas"]["CacheSnapshotCacheInstance"];
            /**
             * @description `manual`: by request. `automatic`: the daily snapshot. `safety`: the state of the cache before a restore. Values so far: `manual`, `automatic`, `safety`.
             * @example manual
             */
            reason: string;
            /**
             * @description Whether Danube took it automatically. Such snapshots do not count towards the quota, and Danube deletes old ones.
             * @example false
             */
            automatic: boolean;
            /**
             * @description A name from `GET …/plans`.
             * @example micro
             */
            resource_profile: string;
            /**
             * Format: int32
             * @description Size of the cache’s disk at that time, in GB.
             * @example 10
             */
            storage_size_gb: number;
            /** @example valkey */
            provider: string;
            /** @example 9.1 */
            version: string;
            /**
             * Format: date-time
             * @description When it was last restored in a restore drill.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_verified_at: string | null;
            verification: components["schemas"]["SnapshotVerificationOrNull"];
            error: components["schemas"]["SnapshotErrorOrNull"];
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
             * @description Null if Danube took it automatically.
             * @example 1
             */
            user_id: number | null;
        };
        CacheSnapshotCacheInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example shop */
            name: string;
        };
        CreateCacheSnapshot: {
            /**
             * Format: uuid
             * @description The cache to take a snapshot of.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            cache_instance_id: string;
            /** @example before-upgrade */
            name: string;
            /** @example Before the upgrade to 2.0. */
            description?: string | null;
        };
        CacheSnapshotCreated: {
            /** @example The snapshot is being taken. Ask for its status until it is ready. */
            message: string;
            snapshot: components["schemas"]["CacheSnapshot"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        CacheSnapshotResponse: {
            snapshot: components["schemas"]["CacheSnapshot"];
        };
        /**
         * @example {
         *       "name": "shop-copy",
         *       "resource_profile": "small",
         *       "source_type": "volume_snapshot"
         *     }
         */
        CloneDatabaseSnapshot: {
            /**
             * @description Lower-case letters, digits and hyphens.
             * @example shop
             */
            name: string;
            /**
             * @description Plan of the new instance; by default that of the snapshot’s instance.
             * @example small
             */
            resource_profile?: string | null;
            /**
             * @description Only `volume_snapshot` is available, because this install keeps no Velero backups.
             * @example volume_snapshot
             * @enum {string}
             */
            source_type?: "volume_snapshot" | "velero_backup";
            /**
             * @description The database in the snapshot that `connection_info` names; by default the same as for the source. No database is created or renamed.
             * @example shop
             */
            database_name?: string | null;
        };
        /**
         * @example {
         *       "name": "shop-copy",
         *       "resource_profile": "small",
         *       "source_type": "volume_snapshot"
         *     }
         */
        CloneCacheSnapshot: {
            /**
             * @description Lower-case letters, digits and hyphens.
             * @example shop
             */
            name: string;
            /**
             * @description Plan of the new instance; by default that of the snapshot’s instance.
             * @example small
             */
            resource_profile?: string | null;
            /**
             * @description Only `volume_snapshot` is available, because this install keeps no Velero backups.
             * @example volume_snapshot
             * @enum {string}
             */
            source_type?: "volume_snapshot" | "velero_backup";
        };
        ParameterGroupList: {
            data: components["schemas"]["ParameterGroup"][];
            pagination: components["schemas"]["Pagination"];
        };
        ParameterGroup: {
            /**
             * Format: int64
             * @example 7
             */
            id: number;
            /** @example analytics */
            name: string;
            /**
             * @description Values so far: `cache`, `database`.
             * @example database
             */
            type: string;
            /**
             * @description Values so far: `postgresql`, `mysql`, `mariadb`, `redis`, `valkey`.
             * @example postgresql
             */
            provider_type: string;
            /**
             * @description Version of the engine. Null means all versions.
             * @example 17
             */
            family: string | null;
            /** @example For long reports. */
            description: string | null;
            /**
             * @example {
             *       "max_connections": "200"
             *     }
             */
            parameters: {
                [key: string]: string;
            };
            /** @description Parameters that instances in the group cannot set themselves. */
            locked_parameters: string[];
            /** @description Those of its parameters that take effect only at the next start of an instance. */
            restart_parameters: string[];
            /**
             * Format: int64
             * @description Null for built-in groups.
             * @example 1
             */
            team_id: number | null;
            /**
             * @description Whether the team’s new instances of this engine use the group by default.
             * @example false
             */
            is_default: boolean;
            /**
             * @description Whether instances can start using it.
             * @example true
             */
            is_active: boolean;
            /**
             * @description Whether it is a built-in group, which cannot be changed.
             * @example false
             */
            is_system: boolean;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string | null;
        };
        /**
         * @example {
         *       "name": "analytics",
         *       "type": "database",
         *       "provider_type": "postgresql",
         *       "family": "17",
         *       "parameters": {
         *         "work_mem": "64MB"
         *       }
         *     }
         */
        CreateParameterGroup: {
            /** @example analytics */
            name: string;
            /**
             * @example database
             * @enum {string}
             */
            type: "cache" | "database" | "queue";
            /**
             * @example postgresql
             * @enum {string}
             */
            provider_type: "postgresql" | "mysql" | "mariadb" | "redis" | "valkey";
            /** @example 17 */
            family?: string | null;
            /** @example For long reports. */
            description?: string | null;
            /**
             * @description Engine parameters by name. They replace all that were set here before.
             * @example {
             *       "max_connections": 200
             *     }
             */
            parameters: {
                [key: string]: components["schemas"]["ParameterValue"];
            };
            /** @description Parameters that instances in the group cannot set themselves. */
            locked_parameters?: string[] | null;
            /**
             * @description Whether the team’s new instances of this engine use the group by default.
             * @example false
             */
            is_default?: boolean;
        };
        ParameterGroupWritten: {
            /** @example The parameter group was created. */
            message: string;
            parameter_group: components["schemas"]["ParameterGroup"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
        };
        ParameterGroupResponse: {
            parameter_group: components["schemas"]["ParameterGroup"];
        };
        /**
         * @example {
         *       "parameters": {
         *         "work_mem": "32MB"
         *       }
         *     }
         */
        UpdateParameterGroup: {
            /** @example analytics */
            name?: string;
            /** @example For long reports. */
            description?: string | null;
            /**
             * @description Engine parameters by name. They replace all that were set here before.
             * @example {
             *       "max_connections": 200
             *     }
             */
            parameters?: {
                [key: string]: components["schemas"]["ParameterValue"];
            };
            /** @description Parameters that instances in the group cannot set themselves. */
            locked_parameters?: string[] | null;
            /**
             * @description Whether the team’s new instances of this engine use the group by default.
             * @example false
             */
            is_default?: boolean;
            /**
             * @description Whether instances can start using it.
             * @example true
             */
            is_active?: boolean;
            /**
             * @description Cannot be changed: leave it out.
             * @example cache
             * @enum {string|null}
             */
            type?: "cache" | "database" | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example postgresql
             * @enum {string|null}
             */
            provider_type?: "postgresql" | "mysql" | "mariadb" | "redis" | "valkey" | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example 17
             */
            family?: string | null;
        };
        ParameterGroupDeleted: {
            /** @example The parameter group was deleted. */
            message: string;
        };
        /**
         * @example {
         *       "name": "analytics-2"
         *     }
         */
        CloneParameterGroup: {
            /** @example analytics */
            name?: string | null;
        };
        FirewallList: {
            data: components["schemas"]["Firewall"][];
            pagination: components["schemas"]["Pagination"];
        };
        Firewall: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example web */
            name: string;
            /** @example Web servers. */
            description: string | null;
            /**
             * @description State of the saved rules: not in force yet (`draft`), being applied, in force, or refused by the host (`error`). Values so far: `draft`, `active`, `applying`, `error`.
             * @example active
             */
            status: string;
            error: components["schemas"]["FirewallErrorOrNull"];
            /**
             * @description Whether it was created with an instance. It is deleted with the last instance that it is attached to.
             * @example false
             */
            is_default: boolean;
            /**
             * @description What happens to inbound packets that no rule matches. Outbound packets pass. Values so far: `deny`.
             * @example deny
             */
            default_action: string;
            rules: components["schemas"]["FirewallRule"][];
            attached_instances: components["schemas"]["FirewallInstance"][];
            /**
             * Format: date-time
             * @description When the previous rules are restored, unless `confirm` is called before.
             * @example 2026-01-15T09:30:00.000Z
             */
            confirm_by: string | null;
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
        };
        FirewallErrorOrNull: {
            /** @example unreachable */
            code: string;
            /** @example The host does not answer. */
            message: string;
            /**
             * @description Whether trying again can help.
             * @example true
             */
            retryable: boolean;
        } | null;
        FirewallRule: {
            /**
             * Format: uuid
             * @example 0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90
             */
            id: string;
            /** @example https */
            name: string | null;
            /** @example Customers. */
            description: string | null;
            /**
             * @description Values so far: `inbound`, `outbound`.
             * @example inbound
             */
            direction: string;
            /**
             * @description `icmp` means ICMP for IPv4 and ICMPv6 for IPv6. Rules cannot name `gre` and `esp`: only rules for `any` apply to them. Values so far: `tcp`, `udp`, `icmp`, `any`, `gre`, `esp`.
             * @example tcp
             */
            protocol: string;
            /**
             * Format: int32
             * @description The port, if the range is a single port.
             * @example 443
             */
            port: number | null;
            /**
             * Format: int32
             * @description Null means all ports.
             * @example 443
             */
            port_range_start: number | null;
            /**
             * Format: int32
             * @example 443
             */
            port_range_end: number | null;
            source_ips: string[] | null;
            source_instance_ids: components["schemas"]["FirewallRuleInstance"][] | null;
            /**
             * @description Values so far: `allow`, `deny`.
             * @example allow
             */
            action: string;
            /**
             * Format: int32
             * @example 1
             */
            order: number;
        };
        FirewallRuleInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /**
             * @description Values so far: `vps`, `database`, `cache`.
             * @example vps
             */
            type: string;
        };
        FirewallInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /**
             * @description Values so far: `vps`, `database`, `cache`.
             * @example vps
             */
            type: string;
            /** @example web-1 */
            name: string;
        };
        /**
         * @example {
         *       "name": "web",
         *       "description": "Web servers.",
         *       "rules": [
         *         {
         *           "name": "https",
         *           "direction": "inbound",
         *           "protocol": "tcp",
         *           "port": 443
         *         },
         *         {
         *           "name": "admin",
         *           "direction": "inbound",
         *           "protocol": "tcp",
         *           "port": 22,
         *           "source_ips": [
         *             "203.0.113.0/24",
         *             "2001:db8::/32"
         *           ]
         *         }
         *       ]
         *     }
         */
        CreateFirewall: {
            /** @example web */
            name: string;
            /** @example Web servers. */
            description?: string | null;
            attached_instances?: components["schemas"]["FirewallInstanceInput"][];
            rules?: components["schemas"]["FirewallRuleInput"][] | null;
        };
        FirewallInstanceInput: {
            /** @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e */
            id: string;
            /**
             * @description `queue` and `serverless` are not available on this install.
             * @example vps
             * @enum {string}
             */
            type?: "vps" | "database" | "cache" | "queue" | "serverless";
        };
        FirewallRuleInput: {
            /**
             * @description The id of an existing rule, to keep it.
             * @example 0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90
             */
            id?: string | null;
            /** @example https */
            name?: string | null;
            /** @example Customers. */
            description?: string | null;
            /**
             * @example inbound
             * @enum {string}
             */
            direction: "inbound" | "outbound";
            /**
             * @description `icmp` means ICMP for IPv4 and ICMPv6 for IPv6. Rules cannot name `gre` and `esp`: only rules for `any` apply to them.
             * @example tcp
             * @enum {string}
             */
            protocol: "tcp" | "udp" | "icmp" | "any" | "gre" | "esp";
            /**
             * Format: int32
             * @description Only with `tcp` and `udp`. Without it and without a range, the rule applies to all ports.
             * @example 443
             */
            port?: number | null;
            /**
             * Format: int32
             * @description First port of a range, instead of `port`.
             * @example 443
             */
            port_range_start?: number | null;
            /**
             * Format: int32
             * @description Last port of a range, instead of `port`.
             * @example 443
             */
            port_range_end?: number | null;
            /** @description IPv4 and IPv6 addresses and CIDR blocks of the other side: the sources of inbound packets, the destinations of outbound ones. Without these and `source_instance_ids`, the rule applies to everybody. */
            source_ips?: string[] | null;
            /** @description Instances of the team as the other side. The rule follows changes of their addresses. */
            source_instance_ids?: components["schemas"]["FirewallInstanceInput"][] | null;
            /**
             * @example allow
             * @enum {string|null}
             */
            action?: "allow" | "deny" | null;
            /**
             * Format: int32
             * @description Rules are judged in ascending order; those with the same number as listed. By default the position in the list.
             * @example 1
             */
            order?: number | null;
        };
        FirewallWritten: {
            /** @example The firewall is being applied. */
            message: string;
            firewall: components["schemas"]["Firewall"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        FirewallResponse: {
            firewall: components["schemas"]["Firewall"];
        };
        /**
         * @example {
         *       "rules": [
         *         {
         *           "name": "https",
         *           "direction": "inbound",
         *           "protocol": "tcp",
         *           "port": 443
         *         }
         *       ]
         *     }
         */
        UpdateFirewall: {
            /** @example web */
            name?: string;
            /** @example Web servers. */
            description?: string | null;
            /**
             * @description `draft` saves the rules without applying them. `active` applies the saved rules. Other values must be the present one.
             * @example draft
             * @enum {string}
             */
            status?: "draft" | "active" | "applying" | "error";
            /**
             * @description Cannot be changed: leave it out.
             * @example false
             */
            is_default?: boolean | null;
            /**
             * @description Cannot be changed: leave it out. Add a rule.
             * @example deny
             * @enum {string|null}
             */
            default_action?: "deny" | "allow" | null;
            attached_instances?: components["schemas"]["FirewallInstanceInput"][];
            rules?: components["schemas"]["FirewallRuleInput"][] | null;
        };
        FirewallDeleted: {
            /** @example The firewall was deleted. */
            message: string;
        };
        /**
         * @example {
         *       "source": "203.0.113.7",
         *       "destination": "10.64.0.10",
         *       "protocol": "tcp",
         *       "port": 443
         *     }
         */
        TestFirewall: {
            /** @example 203.0.113.7 */
            source: string;
            /** @example 10.64.0.10 */
            destination: string;
            /**
             * @example tcp
             * @enum {string}
             */
            protocol: "tcp" | "udp" | "icmp" | "gre" | "esp";
            /**
             * Format: int32
             * @description Destination port. Required for `tcp` and `udp`.
             * @example 443
             */
            port?: number | null;
        };
        FirewallTestResult: {
            /**
             * @description Values so far: `allow`, `deny`.
             * @example allow
             */
            verdict: string;
            /**
             * @description Values so far: `inbound`, `outbound`.
             * @example inbound
             */
            direction: string;
            rule: components["schemas"]["FirewallRuleOrNull"];
            /** @example The rule “https” lets it in. */
            message: string;
            /** @description The verdict of all firewalls, for each attached instance that has one of the addresses. */
            instances: components["schemas"]["FirewallTestedInstance"][];
        };
        FirewallRuleOrNull: {
            /**
             * Format: uuid
             * @example 0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90
             */
            id: string;
            /** @example https */
            name: string | null;
            /** @example Customers. */
            description: string | null;
            /**
             * @description Values so far: `inbound`, `outbound`.
             * @example inbound
             */
            direction: string;
            /**
             * @description `icmp` means ICMP for IPv4 and ICMPv6 for IPv6. Rules cannot name `gre` and `esp`: only rules for `any` apply to them. Values so far: `tcp`, `udp`, `icmp`, `any`, `gre`, `esp`.
             * @example tcp
             */
            protocol: string;
            /**
             * Format: int32
             * @description The port, if the range is a single port.
             * @example 443
             */
            port: number | null;
            /**
             * Format: int32
             * @description Null means all ports.
             * @example 443
             */
            port_range_start: number | null;
            /**
             * Format: int32
             * @example 443
             */
            port_range_end: number | null;
            source_ips: string[] | null;
            source_instance_ids: components["schemas"]["FirewallRuleInstance"][] | null;
            /**
             * @description Values so far: `allow`, `deny`.
             * @example allow
             */
            action: string;
            /**
             * Format: int32
             * @example 1
             */
            order: number;
        } | null;
        FirewallTestedInstance: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /**
             * @description Values so far: `vps`, `database`, `cache`.
             * @example vps
             */
            type: string;
            /** @example web-1 */
            name: string;
            /**
             * @description Values so far: `allow`, `deny`.
             * @example allow
             */
            verdict: string;
            /**
             * @description Values so far: `inbound`, `outbound`.
             * @example inbound
             */
            direction: string;
            rule: components["schemas"]["FirewallRuleOrNull"];
            /** @example The rule “https” lets it in. */
            message: string;
            firewall: components["schemas"]["FirewallReferenceOrNull"];
        };
        /** @description The firewall that the rule belongs to. Null if the default action decides. */
        FirewallReferenceOrNull: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example web */
            name: string;
        } | null;
        /**
         * @example {
         *       "instance_type": "vps",
         *       "instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
         *     }
         */
        FirewallAttachment: {
            /**
             * @description `queue` and `serverless` are not available on this install.
             * @example vps
             * @enum {string}
             */
            instance_type: "vps" | "database" | "cache" | "queue" | "serverless";
            /** @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e */
            instance_id: string;
        };
        FirewallActionResponse: {
            /** @example The firewall is being applied. */
            message: string;
            /**
             * @description Values so far: `draft`, `active`, `applying`, `error`.
             * @example active
             */
            status: string;
            /**
             * Format: date-time
             * @description When the previous rules are restored, unless `confirm` is called before.
             * @example 2026-01-15T09:30:00.000Z
             */
            confirm_by: string | null;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        /**
         * @example {
         *       "confirm_within": 120
         *     }
         */
        DeployFirewall: {
            /**
             * Format: int32
             * @description Number of seconds within which `confirm` must be called. Otherwise the previous rules are restored.
             * @example 120
             */
            confirm_within?: number | null;
        };
        BucketList: {
            data: components["schemas"]["Bucket"][];
            pagination: components["schemas"]["Pagination"];
        };
        Bucket: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example photos */
            name: string;
            /** @example Photos of the shop */
            display_name: string | null;
            /**
             * @description Values so far: `pending`, `creating`, `active`, `updating`, `error`, `destroying`.
             * @example active
             */
            status: string;
            /**
             * @description The status as text for people.
             * @example Running
             */
            status_label: string;
            status_details: components["schemas"]["StatusDetails"];
            capabilities: components["schemas"]["Capabilities"];
            /** @example fsn1 */
            region: string;
            /**
             * @description Values so far: `ceph`.
             * @example ceph
             */
            provider: string;
            /**
             * @description Values so far: `Ceph RGW`.
             * @example Ceph RGW
             */
            provider_label: string;
            /**
             * @description Where S3 clients connect to. Null: nowhere from outside.
             * @example https://203.0.113.7:9000
             */
            endpoint_url: string | null;
            /** @example https://203.0.113.7:9000 */
            endpoint: string | null;
            /**
             * @description Where anybody can read its objects. Null without public access.
             * @example https://203.0.113.7:9000/t1-photos
             */
            public_url: string | null;
            /**
             * @description Whether anybody can read its objects. Nobody can list them without a key.
             * @example true
             */
            public_access: boolean;
            /**
             * @description Whether old versions of objects are kept.
             * @example true
             */
            versioning_enabled: boolean;
            /**
             * @description Whether objects can be locked. It cannot be changed later.
             * @example true
             */
            object_lock_enabled: boolean;
            /**
             * @description How new objects are locked by default. `COMPLIANCE`: nobody can delete them before their time. `GOVERNANCE`: only a key with the permission to bypass it can. Values so far: `GOVERNANCE`, `COMPLIANCE`.
             * @example GOVERNANCE
             */
            object_lock_default_retention_mode: string | null;
            /**
             * Format: int32
             * @example 30
             */
            object_lock_default_retention_days: number | null;
            /** @example 30 days */
            object_lock_default_retention_human: string | null;
            /**
             * @description The same as `object_lock_enabled`.
             * @example true
             */
            has_object_lock: boolean;
            /**
             * @description Whether new objects are locked by default.
             * @example true
             */
            has_default_retention: boolean;
            /**
             * @description Whether the default is `COMPLIANCE`.
             * @example true
             */
            is_compliance_mode: boolean;
            /**
             * @description Whether new objects are encrypted by the store.
             * @example true
             */
            encryption_enabled: boolean;
            /**
             * @description Values so far: `none`, `sse-s3`, `sse-kms`.
             * @example sse-s3
             */
            encryption_type: string | null;
            /**
             * @description Null for other types than `sse-kms`.
             * @example invoices
             */
            encryption_kms_key_id: string | null;
            /**
             * Format: int64
             * @description What it held when it was last measured, with all versions.
             * @example 1503238553
             */
            size_bytes: number;
            /** @example 1.4 GB */
            size_human: string;
            /**
             * Format: int64
             * @description Writes beyond it are refused. Null: only the team’s limit counts.
             * @example 10737418240
             */
            size_limit_bytes: number | null;
            /** @example 10 GB */
            size_limit_human: string | null;
            /** @example 14 */
            quota_usage_percent: number | null;
            /**
             * @description Whether 80 % of its limit are used.
             * @example true
             */
            is_near_quota_limit: boolean;
            /**
             * @description Whether its limit is reached.
             * @example true
             */
            has_exceeded_quota: boolean;
            /**
             * Format: int64
             * @example 1280
             */
            object_count: number;
            /** @description When objects, old versions and incomplete uploads are deleted, as in S3. */
            lifecycle_rules: components["schemas"]["BucketLifecycleRule"][] | null;
            cors_configuration: components["schemas"]["BucketCorsRule"][] | null;
            /** @description What was set by S3 in the bucket’s policy. It is kept. */
            custom_policy_statements: {
                [key: string]: unknown;
            }[] | null;
            /** @example arn:aws:s3:::t1-photos */
            bucket_arn: string;
            /** @description Words, or `NAME=VALUE`. They are the tags of the bucket in S3. */
            tags: string[] | null;
            /**
             * Format: int32
             * @description For what it holds now, in cents of EUR.
             * @example 2
             */
            monthly_cost_cents: number;
            /** @example 0.02 */
            monthly_cost_dollars: number;
            /**
             * Format: int64
             * @description Null where the store does not tell.
             * @example 9843
             */
            requests_24h_total: number | null;
            requests_24h_by_method: components["schemas"]["BucketRequestsByMethodOrNull"];
            /**
             * Format: int64
             * @example 734003200
             */
            egress_bytes_24h: number | null;
            /**
             * Format: date-time
             * @description When requests were last counted.
             * @example 2026-01-15T09:30:00.000Z
             */
            metrics_precomputed_at: string | null;
            /**
             * Format: date-time
             * @description When it was last measured.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_metrics_sync_at: string | null;
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
             * @description Null if that account is gone.
             * @example 1
             */
            user_id: number | null;
            /**
             * @description Its name in S3: the team’s prefix and the name.
             * @example t1-photos
             */
            minio_bucket_name: string;
            /**
             * @description Whether it can be updated now.
             * @example true
             */
            can_be_modified: boolean;
            /**
             * @description Whether it can be deleted now.
             * @example true
             */
            can_be_destroyed: boolean;
        };
        BucketLifecycleRule: {
            /** @example expire-logs */
            ID?: string;
            /**
             * @description Values so far: `Enabled`, `Disabled`.
             * @example Enabled
             */
            Status?: string;
            Filter?: components["schemas"]["BucketLifecycleRuleFilter"];
            Expiration?: components["schemas"]["BucketLifecycleRuleExpiration"];
            NoncurrentVersionExpiration?: components["schemas"]["BucketLifecycleRuleNoncurrentVersionExpiration"];
            AbortIncompleteMultipartUpload?: components["schemas"]["BucketLifecycleRuleAbortIncompleteMultipartUpload"];
        };
        BucketLifecycleRuleFilter: {
            /** @example logs/ */
            Prefix?: string | null;
        } | null;
        BucketLifecycleRuleExpiration: {
            /**
             * Format: int32
             * @example 30
             */
            Days?: number | null;
            /** @example 2099-12-31 */
            Date?: string | null;
            /** @example false */
            ExpiredObjectDeleteMarker?: boolean | null;
        } | null;
        BucketLifecycleRuleNoncurrentVersionExpiration: {
            /**
             * Format: int32
             * @example 30
             */
            NoncurrentDays?: number | null;
        } | null;
        BucketLifecycleRuleAbortIncompleteMultipartUpload: {
            /**
             * Format: int32
             * @example 7
             */
            DaysAfterInitiation?: number | null;
        } | null;
        BucketCorsRule: {
            /** @example expire-logs */
            ID?: string;
            /** @description Required. At most one `*` in each. */
            AllowedOrigins?: string[];
            /** @description Required. */
            AllowedMethods?: string[];
            AllowedHeaders?: string[] | null;
            ExposeHeaders?: string[] | null;
            /**
             * Format: int32
             * @example 3600
             */
            MaxAgeSeconds?: number | null;
        };
        BucketRequestsByMethodOrNull: {
            /**
             * Format: int64
             * @example 9120
             */
            GET: number;
            /**
             * Format: int64
             * @example 310
             */
            PUT: number;
            /**
             * Format: int64
             * @example 12
             */
            DELETE: number;
            /**
             * Format: int64
             * @example 401
             */
            HEAD: number;
        } | null;
        /**
         * @example {
         *       "name": "photos",
         *       "region": "fsn1",
         *       "versioning_enabled": true
         *     }
         */
        CreateBucket: {
            /** @example photos */
            name: string;
            /**
             * @description That of the install by default.
             * @example fsn1
             */
            region?: string;
            /**
             * @description Whether objects can be locked. It turns versioning on.
             * @example true
             */
            object_lock_enabled?: boolean;
            /** @example Photos of the shop */
            display_name?: string | null;
            /**
             * @description Whether old versions of objects are kept.
             * @example true
             */
            versioning_enabled?: boolean;
            /**
             * @description Whether anybody can read its objects, without listing them.
             * @example true
             */
            public_access?: boolean;
            /**
             * @description Whether the store encrypts new objects. True for new buckets.
             * @example true
             */
            encryption_enabled?: boolean;
            /**
             * @example sse-s3
             * @enum {string}
             */
            encryption_type?: "none" | "sse-s3" | "sse-kms";
            /**
             * @description For `sse-kms`.
             * @example invoices
             */
            encryption_kms_key_id?: string | null;
            /**
             * @description How new objects are locked by default. `COMPLIANCE`: nobody can delete them before their time. `GOVERNANCE`: only a key with the permission to bypass it can.
             * @example GOVERNANCE
             * @enum {string|null}
             */
            object_lock_default_retention_mode?: "GOVERNANCE" | "COMPLIANCE" | null;
            /**
             * Format: int32
             * @description Null removes the default retention.
             * @example 30
             */
            object_lock_default_retention_days?: number | null;
            /**
             * Format: int64
             * @description Writes beyond it are refused. Null: only the team’s limit counts.
             * @example 10737418240
             */
            size_limit_bytes?: number | null;
            cors_configuration?: components["schemas"]["BucketCorsConfigurationOrNull"];
            /** @description When objects, old versions and incomplete uploads are deleted, as in S3. */
            lifecycle_rules?: components["schemas"]["BucketLifecycleRuleInput"][] | null;
            /** @description Words, or `NAME=VALUE`. They are the tags of the bucket in S3. */
            tags?: string[] | null;
        };
        BucketCorsConfigurationOrNull: {
            CORSRules?: components["schemas"]["BucketCorsRuleInput"][] | null;
        } | null;
        BucketCorsRuleInput: {
            /** @example expire-logs */
            ID?: string;
            /** @description Required. At most one `*` in each. */
            AllowedOrigins?: string[];
            /** @description Required. */
            AllowedMethods?: ("GET" | "PUT" | "POST" | "DELETE" | "HEAD")[];
            AllowedHeaders?: string[] | null;
            ExposeHeaders?: string[] | null;
            /**
             * Format: int32
             * @example 3600
             */
            MaxAgeSeconds?: number | null;
        };
        BucketLifecycleRuleInput: {
            /** @example expire-logs */
            ID?: string;
            /**
             * @example Enabled
             * @enum {string}
             */
            Status?: "Enabled" | "Disabled";
            Filter?: components["schemas"]["BucketLifecycleRuleInputFilter"];
            Expiration?: components["schemas"]["BucketLifecycleRuleInputExpiration"];
            NoncurrentVersionExpiration?: components["schemas"]["BucketLifecycleRuleInputNoncurrentVersionExpiration"];
            AbortIncompleteMultipartUpload?: components["schemas"]["BucketLifecycleRuleInputAbortIncompleteMultipartUpload"];
        };
        BucketLifecycleRuleInputFilter: {
            /** @example logs/ */
            Prefix?: string | null;
        } | null;
        BucketLifecycleRuleInputExpiration: {
            /**
             * Format: int32
             * @example 30
             */
            Days?: number | null;
            /** @example 2099-12-31 */
            Date?: string | null;
            /** @example false */
            ExpiredObjectDeleteMarker?: boolean | null;
        } | null;
        BucketLifecycleRuleInputNoncurrentVersionExpiration: {
            /**
             * Format: int32
             * @example 30
             */
            NoncurrentDays?: number | null;
        } | null;
        BucketLifecycleRuleInputAbortIncompleteMultipartUpload: {
            /**
             * Format: int32
             * @example 7
             */
            DaysAfterInitiation?: number | null;
        } | null;
        BucketCreated: {
            /** @example The bucket is being created. */
            message: string;
            bucket: components["schemas"]["Bucket"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        BucketResponse: {
            bucket: components["schemas"]["Bucket"];
            /** @example https://203.0.113.7:9000 */
            endpoint: string | null;
        };
        /**
         * @example {
         *       "versioning_enabled": true
         *     }
         */
        UpdateBucket: {
            /** @example Photos of the shop */
            display_name?: string | null;
            /**
             * @description Whether old versions of objects are kept.
             * @example true
             */
            versioning_enabled?: boolean;
            /**
             * @description Whether anybody can read its objects, without listing them.
             * @example true
             */
            public_access?: boolean;
            /**
             * @description Whether the store encrypts new objects. True for new buckets.
             * @example true
             */
            encryption_enabled?: boolean;
            /**
             * @example sse-s3
             * @enum {string}
             */
            encryption_type?: "none" | "sse-s3" | "sse-kms";
            /**
             * @description For `sse-kms`.
             * @example invoices
             */
            encryption_kms_key_id?: string | null;
            /**
             * @description How new objects are locked by default. `COMPLIANCE`: nobody can delete them before their time. `GOVERNANCE`: only a key with the permission to bypass it can.
             * @example GOVERNANCE
             * @enum {string|null}
             */
            object_lock_default_retention_mode?: "GOVERNANCE" | "COMPLIANCE" | null;
            /**
             * Format: int32
             * @description Null removes the default retention.
             * @example 30
             */
            object_lock_default_retention_days?: number | null;
            /**
             * Format: int64
             * @description Writes beyond it are refused. Null: only the team’s limit counts.
             * @example 10737418240
             */
            size_limit_bytes?: number | null;
            cors_configuration?: components["schemas"]["BucketCorsConfigurationOrNull"];
            /** @description When objects, old versions and incomplete uploads are deleted, as in S3. */
            lifecycle_rules?: components["schemas"]["BucketLifecycleRuleInput"][] | null;
            /** @description Words, or `NAME=VALUE`. They are the tags of the bucket in S3. */
            tags?: string[] | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example photos
             */
            name?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example fsn1
             */
            region?: string | null;
            /**
             * @description Cannot be changed: leave it out.
             * @example true
             */
            object_lock_enabled?: boolean | null;
        };
        BucketUpdated: {
            /** @example The bucket is being created. */
            message: string;
            bucket: components["schemas"]["Bucket"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
        };
        BucketActionResponse: {
            /** @example It has been accepted. */
            message: string;
            /**
             * @description Values so far: `pending`, `creating`, `active`, `updating`, `error`, `destroying`.
             * @example pending
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        BucketMetrics: {
            /**
             * Format: int64
             * @example 1503238553
             */
            size_bytes: number;
            /** @example 1.4 GB */
            size_human: string;
            /**
             * Format: int64
             * @example 1280
             */
            object_count: number;
            /**
             * Format: int64
             * @description Of the hour in progress and the 23 before it, as all figures of 24 hours.
             * @example 9843
             */
            requests_24h: number | null;
            requests_24h_by_method: components["schemas"]["BucketRequestsByMethodOrNull"];
            requests_24h_by_status: components["schemas"]["BucketRequestsByStatusOrNull"];
            /**
             * @description A fraction, from 0 to 1.
             * @example 0.004
             */
            error_rate_24h: number | null;
            latency_24h_ms: components["schemas"]["BucketLatencyOrNull"];
            /**
             * Format: int64
             * @example 734003200
             */
            egress_bytes_24h: number | null;
            /** @example 700 MB */
            egress_human_24h: string | null;
            /**
             * Format: int64
             * @example 52428800
             */
            ingress_bytes_24h: number | null;
            /** @example 50 MB */
            ingress_human_24h: string | null;
            /**
             * Format: int32
             * @description For what it holds now, in cents of EUR.
             * @example 2
             */
            monthly_cost_cents: number;
            /** @example 0.02 */
            monthly_cost_dollars: string;
            /**
             * @description Values so far: `deltas`.
             * @example deltas
             */
            source: string;
            /**
             * @description `fresh`: of the last two minutes. `lagging`: of the last fifteen. `never`: nothing was counted yet. Values so far: `fresh`, `lagging`, `stale`, `never`.
             * @example fresh
             */
            freshness: string;
            /**
             * Format: date-time
             * @description When it was last measured.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_sync_at: string | null;
            /**
             * Format: date-time
             * @description When requests were last counted.
             * @example 2026-01-15T09:30:00.000Z
             */
            metrics_precomputed_at: string | null;
            unknown: components["schemas"]["BucketUnknowns"];
        };
        BucketRequestsByStatusOrNull: {
            /**
             * Format: int64
             * @example 9800
             */
            "2xx": number;
            /**
             * Format: int64
             * @example 42
             */
            "4xx": number;
            /**
             * Format: int64
             * @example 1
             */
            "5xx": number;
        } | null;
        BucketLatencyOrNull: {
            /** @example 4.2 */
            p50: number | null;
            /** @example 4.2 */
            p95: number | null;
            /** @example 4.2 */
            mean: number | null;
        } | null;
        /**
         * @description Why members are null, by member.
         * @example {}
         */
        BucketUnknowns: {
            [key: string]: string;
        };
        BucketTrend: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            bucket_id: string;
            /**
             * @description Values so far: `24h`, `7d`, `30d`.
             * @example 24h
             */
            window: string;
            /**
             * @description Values so far: `1m`, `5m`, `15m`, `1h`, `1d`.
             * @example 1h
             */
            resolution: string;
            /**
             * @description Values so far: `deltas`.
             * @example deltas
             */
            source: string;
            /**
             * @description `fresh`: of the last two minutes. `lagging`: of the last fifteen. `never`: nothing was counted yet. Values so far: `fresh`, `lagging`, `stale`, `never`.
             * @example fresh
             */
            freshness: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            generated_at: string;
            data: components["schemas"]["BucketTrendPoint"][];
        };
        BucketTrendPoint: {
            /**
             * Format: date-time
             * @description When the interval began.
             * @example 2026-01-15T09:30:00.000Z
             */
            recorded_at: string;
            /**
             * Format: int64
             * @description At its end.
             * @example 1503238553
             */
            size_bytes: number;
            /**
             * Format: int64
             * @example 1280
             */
            object_count: number;
            requests: components["schemas"]["BucketTrendRequests"];
            status: components["schemas"]["BucketRequestsByStatusOrNull"];
            /**
             * Format: int64
             * @example 31457280
             */
            egress_bytes: number | null;
            /**
             * Format: int64
             * @example 2097152
             */
            ingress_bytes: number | null;
            /**
             * @description A fraction, from 0 to 1.
             * @example 0.004
             */
            error_rate: number | null;
            latency_ms: components["schemas"]["BucketTrendLatencyOrNull"];
            /**
             * Format: int32
             * @example 3600
             */
            interval_seconds: number;
            /**
             * Format: int64
             * @description Always null: see `requests`.
             * @example 9843
             */
            requests_24h_total: number | null;
        };
        BucketTrendRequests: {
            /**
             * Format: int64
             * @example 431
             */
            total: number | null;
            /**
             * Format: int64
             * @example 400
             */
            get: number | null;
            /**
             * Format: int64
             * @example 20
             */
            put: number | null;
            /**
             * Format: int64
             * @example 1
             */
            delete: number | null;
            /**
             * Format: int64
             * @example 10
             */
            head: number | null;
        };
        BucketTrendLatencyOrNull: {
            /** @example 4.2 */
            mean: number | null;
            /** @example 4.2 */
            p95: number | null;
            /** @example 4.2 */
            p95_upper_bound: number | null;
        } | null;
        BucketTopObjects: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            bucket_id: string;
            /**
             * @description Values so far: `size`, `egress`, `requests`.
             * @example size
             */
            dimension: string;
            /**
             * Format: date-time
             * @description When that was counted.
             * @example 2026-01-15T09:30:00.000Z
             */
            recorded_at: string | null;
            items: components["schemas"]["BucketTopObject"][];
            /** @example This object store does not log its requests. */
            reason: string | null;
        };
        BucketTopObject: {
            /**
             * Format: int32
             * @example 1
             */
            rank: number;
            /** @example photos/2026/sea.jpg */
            object_key: string;
            /**
             * Format: int64
             * @example 5242880
             */
            value: number;
        };
        BucketHealth: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            bucket_id: string;
            /**
             * Format: int32
             * @example 1
             */
            pending_multipart_count: number | null;
            /**
             * Format: int64
             * @example 52428800
             */
            pending_multipart_bytes: number | null;
            /**
             * Format: int64
             * @example 0
             */
            deleted_size_bytes: number | null;
            /**
             * @description `fresh`: of the last two minutes. `lagging`: of the last fifteen. `never`: nothing was counted yet. Values so far: `fresh`, `lagging`, `stale`, `never`.
             * @example fresh
             */
            freshness: string;
            /**
             * Format: date-time
             * @description When requests were last counted.
             * @example 2026-01-15T09:30:00.000Z
             */
            metrics_precomputed_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_health_check_at: string | null;
            /**
             * @description `skipped`: there are too many uploads to look at. Values so far: `ok`, `skipped`, `error`.
             * @example ok
             */
            health_check_status: string | null;
            unknown: components["schemas"]["BucketUnknowns"];
        };
        BucketDiagnosisResponse: {
            /** @example true */
            success: boolean;
            data: components["schemas"]["BucketDiagnosis"];
            error: components["schemas"]["DiagnosticErrorOrNull"];
            meta: components["schemas"]["DiagnosticMeta"];
        };
        BucketDiagnosis: {
            /**
             * @description Values so far: `healthy`, `degraded`, `unhealthy`.
             * @example healthy
             */
            verdict: string;
            status: components["schemas"]["StatusDetails"];
            findings: components["schemas"]["Finding"][];
            sections: components["schemas"]["BucketDiagnosisSections"];
        };
        BucketDiagnosisSections: {
            events: components["schemas"]["BucketDiagnosisSectionsEvents"];
            logs: components["schemas"]["BucketDiagnosisSectionsLogs"];
            size: components["schemas"]["BucketDiagnosisSectionsSize"];
        };
        BucketDiagnosisSectionsEvents: {
            /** @example true */
            available: boolean;
            /**
             * Format: int32
             * @example 3
             */
            count: number;
            /** @example false */
            truncated: boolean;
        } | null;
        BucketDiagnosisSectionsLogs: {
            /** @example false */
            available: boolean;
            /**
             * Format: int32
             * @example 0
             */
            sampled_lines: number;
        } | null;
        BucketDiagnosisSectionsSize: {
            /**
             * Format: int64
             * @example 1503238553
             */
            size_bytes: number;
            /**
             * Format: int64
             * @example 10737418240
             */
            size_limit_bytes: number | null;
            /**
             * Format: int64
             * @description What all buckets of the team hold.
             * @example 4503238553
             */
            team_size_bytes: number;
            /**
             * Format: int64
             * @example 107374182400
             */
            team_limit_bytes: number | null;
        };
        AccessKeyList: {
            data: components["schemas"]["AccessKey"][];
            pagination: components["schemas"]["Pagination"];
        };
        AccessKey: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example backups */
            name: string;
            /**
             * @description The access key id of S3.
             * @example DANUBE4XK2P7Q9RS3TVW
             */
            access_key_id: string;
            /** @example DANU************3TVW */
            access_key_id_masked: string;
            /**
             * @description Values so far: `creating`, `active`, `revoking`, `revoked`, `error`.
             * @example active
             */
            status: string;
            /** @example Active */
            status_label: string;
            /**
             * @description `full`: all buckets of the team. Values so far: `full`, `restricted`.
             * @example full
             */
            access_type: string;
            /**
             * @description Whether a bucket’s permission has a prefix.
             * @example false
             */
            is_prefix_scoped: boolean;
            /**
             * @description `team`: all buckets of the team, also later ones. `buckets`: those in `bucket_permissions`. Values so far: `team`, `buckets`.
             * @example team
             */
            scope: string;
            /** @description Empty for the scope `team`. */
            bucket_permissions: components["schemas"]["BucketPermission"][];
            /**
             * Format: date-time
             * @description The store refuses the key from then on. Null: never.
             * @example 2026-01-15T09:30:00.000Z
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description Null where it was not used, or the store does not tell.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_used_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            revoked_at: string | null;
            /** @example false */
            is_expired: boolean;
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
             * @description Null if that account is gone.
             * @example 1
             */
            user_id: number | null;
        };
        BucketPermission: {
            /**
             * Format: uuid
             * @description A bucket of the team.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            bucket_id: string;
            /** @example photos */
            bucket_name: string;
            /**
             * @description `read`: list and get. `readwrite`: also put and delete. `full`: everything, such as policies. Values so far: `read`, `readwrite`, `full`.
             * @example read
             */
            level: string;
            /**
             * @description Only objects whose keys begin with it. Null: all.
             * @example daily/
             */
            prefix: string | null;
        };
        /**
         * @example {
         *       "name": "backups",
         *       "scope": "team"
         *     }
         */
        CreateAccessKey: {
            /** @example backups */
            name: string;
            /**
             * @description When the key ends by itself.
             * @example 2099-01-15T09:30:00Z
             */
            expires_at?: string | null;
            /**
             * @description `team`: all buckets of the team, also later ones. `buckets`: those in `bucket_permissions`.
             * @example team
             * @enum {string}
             */
            scope?: "team" | "buckets";
            /** @description For the scope `buckets`. */
            bucket_permissions?: components["schemas"]["CreateBucketPermission"][] | null;
        };
        CreateBucketPermission: {
            /**
             * @description A bucket of the team.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            bucket_id: string;
            /**
             * @description `read`: list and get. `readwrite`: also put and delete. `full`: everything, such as policies.
             * @example read
             * @enum {string}
             */
            level: "read" | "readwrite" | "full";
            /**
             * @description Only objects whose keys begin with it. Not with the level `full`.
             * @example daily/
             */
            prefix?: string | null;
        };
        AccessKeyCreated: {
            /** @example The access key is being created. Its secret is shown only now. */
            message: string;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example backups */
            name: string;
            /**
             * @description The access key id of S3.
             * @example DANUBE4XK2P7Q9RS3TVW
             */
            access_key_id: string;
            /** @example DANU************3TVW */
            access_key_id_masked: string;
            /**
             * @description Values so far: `creating`, `active`, `revoking`, `revoked`, `error`.
             * @example active
             */
            status: string;
            /** @example Active */
            status_label: string;
            /**
             * @description `full`: all buckets of the team. Values so far: `full`, `restricted`.
             * @example full
             */
            access_type: string;
            /**
             * @description Whether a bucket’s permission has a prefix.
             * @example false
             */
            is_prefix_scoped: boolean;
            /**
             * @description `team`: all buckets of the team, also later ones. `buckets`: those in `bucket_permissions`. Values so far: `team`, `buckets`.
             * @example team
             */
            scope: string;
            /** @description Empty for the scope `team`. */
            bucket_permissions: components["schemas"]["BucketPermission"][];
            /**
             * Format: date-time
             * @description The store refuses the key from then on. Null: never.
             * @example 2026-01-15T09:30:00.000Z
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description Null where it was not used, or the store does not tell.
             * @example 2026-01-15T09:30:00.000Z
             */
            last_used_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            revoked_at: string | null;
            /** @example false */
            is_expired: boolean;
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
             * @description Null if that account is gone.
             * @example 1
             */
            user_id: number | null;
            /**
             * @description The secret of S3. It is shown only in this answer.
             * @example kT3vB8nQ2mXw7RzY5cJd9HfL4sPaGe6UiN1oKtEx
             */
            secret_access_key: string;
            /**
             * @description Where S3 clients connect to.
             * @example https://203.0.113.7:9000
             */
            endpoint: string | null;
            /** @example fsn1 */
            region: string;
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        AccessKeyResponse: {
            access_key: components["schemas"]["AccessKey"];
        };
        AccessKeyRevoked: {
            /** @example The access key is being revoked. */
            message: string;
            /**
             * @description Values so far: `creating`, `active`, `revoking`, `revoked`, `error`.
             * @example revoking
             */
            status: string;
            /**
             * Format: uuid
             * @description Its progress: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string;
        };
        CertificateAuthority: {
            /**
             * @description PEM.
             * @example -----BEGIN CERTIFICATE-----
             *     MIIB…
             *     -----END CERTIFICATE-----
             */
            certificate: string;
            /**
             * @description As `openssl x509 -fingerprint -sha256` prints it.
             * @example 3F:2A:…
             */
            fingerprint_sha256: string;
            /**
             * Format: date-time
             * @description When it expires.
             * @example 2026-01-15T09:30:00.000Z
             */
            not_after: string;
        };
        OperationList: {
            data: components["schemas"]["Operation"][];
            pagination: components["schemas"]["Pagination"];
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
             * @description Values so far: `queued`, `running`, `succeeded`, `failed`.
             * @example queued
             */
            state: string;
            /**
             * @description Whether the state is final.
             * @example false
             */
            terminal: boolean;
            /**
             * Format: int32
             * @description How long to wait before asking again, in milliseconds. 0 once it is terminal.
             * @example 1000
             */
            poll_after_ms: number;
            /**
             * Format: int32
             * @example 0
             */
            percent: number;
            /**
             * @description What it is doing now.
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
            error: components["schemas"]["OperationErrorOrNull"];
        };
        OperationErrorOrNull: {
            /** @example image_unavailable */
            code: string;
            /** @example The image cannot be fetched at the moment. */
            message: string;
            /**
             * @description Whether the same request may succeed later.
             * @example true
             */
            retryable: boolean;
        } | null;
        OperationResponse: {
            /** @example true */
            success: boolean;
            data: components["schemas"]["Operation"];
            error: components["schemas"]["OperationErrorOrNull"];
            meta: components["schemas"]["OperationResponseMeta"];
        };
        OperationResponseMeta: {
            /** @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19 */
            request_id: string;
        };
        EventLog: {
            data: components["schemas"]["Event"][];
            /**
             * Format: int64
             * @description Send it as `after` for what comes next; also where `data` is empty.
             * @example 1842
             */
            next_after: number;
            /**
             * @description Whether more is there already.
             * @example false
             */
            has_more: boolean;
        };
        Event: {
            /**
             * Format: int64
             * @description Its place in the log: of two events, the later one has the higher id.
             * @example 1842
             */
            id: number;
            /**
             * @description What happened, as `RESOURCE.WHAT`. Types never change; new ones may come.
             * @example vps.created
             */
            type: string;
            /**
             * @description `Warning`: something needs attention. Values so far: `Normal`, `Warning`.
             * @example Normal
             */
            severity: string;
            /** @example Created */
            reason: string;
            /** @example The server was created and accepts SSH. */
            message: string;
            /** @example vps */
            resource_type: string;
            /**
             * @description Its id; of a snapshot, its `resource_id`.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            resource_id: string;
            /**
             * Format: uuid
             * @description The operation that it belongs to: `GET /operations/{operation}`.
             * @example 0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b
             */
            operation_id: string | null;
            /**
             * @description Figures and ids that belong to the event; which ones depends on its type.
             * @example {}
             */
            payload: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
        };
        WebhookConfig: {
            /** @example https://hooks.example.org/danube */
            webhook_url: string | null;
            /** @example true */
            webhook_enabled: boolean;
            /** @example true */
            has_secret: boolean;
        };
        UpdateWebhookConfig: {
            /**
             * @description Where events are sent, by `POST`. It begins with `https://`.
             * @example https://hooks.example.org/danube
             */
            webhook_url: string;
            /**
             * @description True at first.
             * @example true
             */
            webhook_enabled?: boolean;
        };
        WebhookConfigUpdated: {
            /** @example Webhook saved. */
            message: string;
            /** @example https://hooks.example.org/danube */
            webhook_url: string | null;
            /** @example true */
            webhook_enabled: boolean;
            /**
             * @description Verifies signatures. It is shown only now: store it.
             * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U=
             */
            webhook_secret: string | null;
        };
        WebhookSecretRegenerated: {
            /** @example The secret was replaced. Messages are signed with the previous one as well for 24 hours. */
            message: string;
            /**
             * @description Verifies signatures. It is shown only now: store it.
             * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U=
             */
            webhook_secret: string;
        };
        WebhookEndpointList: {
            data: components["schemas"]["WebhookEndpoint"][];
            pagination: components["schemas"]["Pagination"];
        };
        WebhookEndpoint: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example deploy bot */
            name: string;
            /** @example https://hooks.example.org/danube */
            url: string;
            /** @description Types of the events that it gets, `RESOURCE.*` for all of a resource. Empty: all. */
            event_types: string[];
            /** @example true */
            enabled: boolean;
            /**
             * @description Whether it is the one of `/webhooks/config`.
             * @example false
             */
            is_default: boolean;
            /**
             * @description Why Danube disabled it: it answered with 410, or failed for three days. Values so far: `gone`, `failing`.
             * @example gone
             */
            disabled_reason: string | null;
            /**
             * Format: date-time
             * @description Since when every delivery has failed.
             * @example 2026-01-15T09:30:00.000Z
             */
            failing_since: string | null;
            /**
             * Format: date-time
             * @description Until when messages are signed with the previous secret as well.
             * @example 2026-01-15T09:30:00.000Z
             */
            previous_secret_until: string | null;
            /**
             * Format: int64
             * @example 1
             */
            team_id: number;
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
        };
        CreateWebhookEndpoint: {
            /** @example deploy bot */
            name: string;
            /**
             * @description Where events are sent, by `POST`. It begins with `https://`.
             * @example https://hooks.example.org/danube
             */
            url: string;
            /** @description Types of the events that it gets, `RESOURCE.*` for all of a resource. Empty: all. */
            event_types?: string[];
            /**
             * @description True by default.
             * @example true
             */
            enabled?: boolean;
        };
        WebhookEndpointCreated: {
            /** @example Endpoint created. */
            message: string;
            endpoint: components["schemas"]["WebhookEndpoint"];
            /**
             * @description Verifies signatures. It is shown only now: store it.
             * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U=
             */
            secret: string;
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
        };
        WebhookEndpointResponse: {
            endpoint: components["schemas"]["WebhookEndpoint"];
        };
        UpdateWebhookEndpoint: {
            /** @example deploy bot */
            name?: string;
            /**
             * @description Where events are sent, by `POST`. It begins with `https://`.
             * @example https://hooks.example.org/danube
             */
            url?: string;
            /** @description Types of the events that it gets, `RESOURCE.*` for all of a resource. Empty: all. */
            event_types?: string[];
            /** @example true */
            enabled?: boolean;
        };
        WebhookEndpointUpdated: {
            /** @example Endpoint saved. */
            message: string;
            endpoint: components["schemas"]["WebhookEndpoint"];
            /** @description What was accepted, but may not be what you mean. Usually empty. */
            warnings: string[];
        };
        WebhookEndpointDeleted: {
            /** @example Endpoint deleted. */
            message: string;
        };
        WebhookDeliveryStarted: {
            /** @example It is sent now. */
            message: string;
            delivery: components["schemas"]["WebhookDelivery"];
        };
        WebhookDelivery: {
            /**
             * Format: int64
             * @example 4711
             */
            id: number;
            /**
             * Format: int64
             * @example 1
             */
            team_id: number;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            endpoint_id: string;
            /**
             * @description The header `webhook-id`; the same for all attempts.
             * @example evt_1842
             */
            message_id: string;
            /** @example vps.created */
            event: string;
            /**
             * @description Where it was sent last, or will be sent.
             * @example https://hooks.example.org/danube
             */
            url: string;
            /**
             * @description The body.
             * @example {
             *       "type": "vps.created",
             *       "timestamp": "2026-01-15T09:30:00.000Z",
             *       "data": {}
             *     }
             */
            payload: {
                [key: string]: unknown;
            };
            /**
             * @description `queued`: waits for an earlier one about the same resource. `pending`: is sent, or will be again. `failed`: is not sent any more. Values so far: `queued`, `pending`, `delivered`, `failed`.
             * @example queued
             */
            state: string;
            /**
             * @description The header `webhook-signature` of the last attempt.
             * @example v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
             */
            signature: string | null;
            /**
             * Format: int32
             * @example 200
             */
            response_status: number | null;
            /**
             * @description The first 4 KB.
             * @example ok
             */
            response_body: string | null;
            /**
             * Format: int32
             * @example 1
             */
            attempts: number;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            next_attempt_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            delivered_at: string | null;
            /**
             * Format: date-time
             * @description When it was given up.
             * @example 2026-01-15T09:30:00.000Z
             */
            failed_at: string | null;
            /**
             * @description Why the last attempt failed.
             * @example The connection was refused.
             */
            error_message: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string | null;
        };
        RedeliverFailed: {
            /**
             * @description Deliveries that were made since then, and failed.
             * @example 2026-01-15T09:30:00Z
             */
            since: string;
        };
        WebhookRedeliveryStarted: {
            /** @example 3 deliveries are sent again. */
            message: string;
            /**
             * Format: int32
             * @example 3
             */
            count: number;
        };
        WebhookDeliveryList: {
            data: components["schemas"]["WebhookDelivery"][];
            pagination: components["schemas"]["Pagination"];
        };
        WebhookDeliveryResponse: {
            delivery: components["schemas"]["WebhookDelivery"];
        };
        MetricAlertList: {
            data: components["schemas"]["MetricAlert"][];
            pagination: components["schemas"]["Pagination"];
        };
        MetricAlert: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /** @example Busy */
            name: string | null;
            /** @example Ask Ada what to do. */
            description: string | null;
            /**
             * @description `triggered`: it fires. `resolved`: it has fired, and is over. `active`: it has not fired yet. Values so far: `active`, `triggered`, `resolved`, `disabled`.
             * @example active
             */
            status: string;
            status_details: components["schemas"]["StatusDetails"];
            capabilities: components["schemas"]["Capabilities"];
            /** @example true */
            enabled: boolean;
            /** @example vps */
            resource_type: string;
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            resource_id: string;
            /** @example web-1 */
            resource_name: string;
            /** @example cpu_usage */
            metric_type: string;
            /** @example CPU usage */
            metric_label: string | null;
            /** @example % */
            metric_unit: string;
            /**
             * @description Above, from, below, or up to the threshold. Values so far: `gt`, `gte`, `lt`, `lte`.
             * @example gt
             */
            comparison_operator: string;
            /** @example > */
            comparison_symbol: string;
            /** @example 90 */
            threshold_value: number;
            /**
             * @description The last that was measured.
             * @example 42.5
             */
            last_metric_value: number | null;
            /**
             * Format: int32
             * @description For how many minutes each value must breach it; to end, as long none may. 0: the first value counts.
             * @example 5
             */
            duration_minutes: number;
            /**
             * Format: int32
             * @description Evaluations in a row that breached it; there is one every 15 seconds.
             * @example 0
             */
            consecutive_breaches: number;
            /**
             * Format: int32
             * @description How often it has fired.
             * @example 0
             */
            trigger_count: number;
            /** @description Where it is told: in the list of notifications, by e-mail, by the team’s webhooks. Null: on all of them. */
            notification_channels: string[] | null;
            /**
             * Format: date-time
             * @description Since when nothing was measured; null: there is a value.
             * @example 2026-01-15T09:30:00.000Z
             */
            no_data_since: string | null;
            /**
             * @description Whether it was made together with the instance.
             * @example false
             */
            is_default: boolean;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            last_evaluated_at: string | null;
            /**
             * Format: date-time
             * @description When it fired last.
             * @example 2026-01-15T09:30:00.000Z
             */
            triggered_at: string | null;
            /**
             * Format: date-time
             * @description When it was over last.
             * @example 2026-01-15T09:30:00.000Z
             */
            resolved_at: string | null;
            /**
             * Format: int64
             * @example 1
             */
            team_id: number;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string | null;
        };
        AvailableMetrics: {
            data: components["schemas"]["AvailableMetric"][];
            meta: components["schemas"]["AvailableMetricsMeta"];
        };
        AvailableMetric: {
            /**
             * @description Send it as `metric_type`.
             * @example cpu_usage
             */
            value: string;
            /** @example CPU usage */
            label: string;
            /** @example % */
            unit: string;
            /** @example Processor time in use, of what its plan has. */
            description: string;
        };
        AvailableMetricsMeta: {
            /** @example vps */
            resource_type: string;
            /** @example true */
            alertable: boolean;
            alertable_resource_types: string[];
        };
        MetricAlertResponse: {
            alert: components["schemas"]["MetricAlert"];
        };
        MetricAlertHistory: {
            data: components["schemas"]["MetricAlertHappening"][];
            meta: components["schemas"]["MetricAlertHistoryMeta"];
        };
        MetricAlertHappening: {
            /**
             * @description Values so far: `triggered`, `resolved`, `no_data`, `data_returned`, `enabled`, `disabled`, `changed`.
             * @example triggered
             */
            event_type: string;
            /** @example 93.1 */
            metric_value: number | null;
            /** @example 90 */
            threshold_value: number | null;
            /**
             * @description Always null: queries are not shown.
             * @example cpu_usage
             */
            prometheus_query: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            occurred_at: string | null;
        };
        MetricAlertHistoryMeta: {
            /**
             * Format: int32
             * @example 50
             */
            limit: number | null;
        };
        CreateMetricAlert: {
            /**
             * @example vps
             * @enum {string}
             */
            resource_type: "vps" | "database" | "cache";
            /**
             * @description The instance.
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            resource_id: string;
            /**
             * @description One of `GET /metric-alerts/available-metrics/{resourceType}`.
             * @example cpu_usage
             */
            metric_type: string;
            /**
             * @description Above, from, below, or up to the threshold.
             * @example gt
             * @enum {string}
             */
            comparison_operator: "gt" | "gte" | "lt" | "lte";
            /**
             * @description In the unit of the metric.
             * @example 90
             */
            threshold_value: number;
            /**
             * Format: int32
             * @description For how many minutes each value must breach it; to end, as long none may. 0: the first value counts.
             * @example 5
             */
            duration_minutes?: number;
            /** @example Busy */
            name?: string | null;
            /** @example Ask Ada what to do. */
            description?: string | null;
            /** @description Where it is told: in the list of notifications, by e-mail, by the team’s webhooks. Null: on all of them. */
            notification_channels?: ("database" | "mail" | "webhook")[] | null;
        };
        MetricAlertCreated: {
            /** @example Alert created. */
            message: string;
            alert: components["schemas"]["MetricAlert"];
        };
        UpdateMetricAlert: {
            /**
             * @description Above, from, below, or up to the threshold.
             * @example gt
             * @enum {string}
             */
            comparison_operator?: "gt" | "gte" | "lt" | "lte";
            /**
             * @description In the unit of the metric.
             * @example 90
             */
            threshold_value?: number;
            /**
             * Format: int32
             * @description For how many minutes each value must breach it; to end, as long none may. 0: the first value counts.
             * @example 5
             */
            duration_minutes?: number;
            /** @example Busy */
            name?: string | null;
            /** @example Ask Ada what to do. */
            description?: string | null;
            /** @description Where it is told: in the list of notifications, by e-mail, by the team’s webhooks. Null: on all of them. */
            notification_channels?: ("database" | "mail" | "webhook")[] | null;
        };
        MetricAlertUpdated: {
            /** @example Alert saved. */
            message: string;
            alert: components["schemas"]["MetricAlert"];
        };
        MetricAlertDeleted: {
            /** @example Alert deleted. */
            message: string;
        };
        NotificationPage: {
            data: components["schemas"]["Notification"][];
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
            /** @example http://127.0.0.1:8080/api/v1/notifications?page=2&per_page=15 */
            next_page_url: string | null;
            /**
             * Format: int32
             * @description Of all that are unread, whatever the request asks for.
             * @example 1
             */
            unread_count: number;
        };
        Notification: {
            /**
             * Format: uuid
             * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
             */
            id: string;
            /**
             * @description The type of the event that it tells of.
             * @example vps.created
             */
            type: string;
            /**
             * @description Whom it tells: an account. Values so far: `user`.
             * @example user
             */
            notifiable_type: string;
            /**
             * Format: int64
             * @example 1
             */
            notifiable_id: number;
            data: components["schemas"]["NotificationData"];
            /** @example resource_provisioned */
            category: string | null;
            /**
             * @description Values so far: `info`, `warning`, `critical`.
             * @example info
             */
            severity: string;
            /**
             * Format: int64
             * @example 1
             */
            team_id: number | null;
            /** @example vps */
            resource_type: string | null;
            /** @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e */
            resource_id: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            read_at: string | null;
            /**
             * Format: date-time
             * @description When the event happened.
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            updated_at: string | null;
        };
        NotificationData: {
            /**
             * @description What it is about.
             * @example server web-1
             */
            title: string;
            /** @example The server was created and accepts SSH. */
            message: string;
            /**
             * Format: int64
             * @description The event, as in `GET /events`.
             * @example 1842
             */
            event_id: number;
            /** @example vps.created */
            event_type: string;
            /**
             * @description What the resource was called at the time.
             * @example web-1
             */
            resource_name: string | null;
            /**
             * @description The payload of the event.
             * @example {}
             */
            payload: {
                [key: string]: unknown;
            };
        };
        UnreadCount: {
            /**
             * Format: int32
             * @example 1
             */
            count: number;
        };
        NotificationRead: {
            /** @example Notification marked as read. */
            message: string;
            notification: components["schemas"]["Notification"];
        };
        NotificationsRead: {
            /** @example 3 notifications marked as read. */
            message: string;
            /**
             * Format: int32
             * @description How many were unread.
             * @example 3
             */
            count: number;
        };
        NotificationDeleted: {
            /** @example Notification deleted. */
            message: string;
        };
        NotificationPreferences: {
            preferences: components["schemas"]["NotificationPreference"][];
            available_categories: components["schemas"]["NotificationCategory"][];
            groups: components["schemas"]["NotificationGroup"][];
            available_channels: components["schemas"]["NotificationChannel"][];
            digest_options: components["schemas"]["NotificationDigest"][];
        };
        NotificationPreference: {
            /** @example resource_failed */
            category: string;
            /** @example mail */
            channel: string;
            /** @example true */
            enabled: boolean;
            /**
             * @description At once, or with others in one e-mail. Only e-mails have digests. Values so far: `instant`, `daily`, `weekly`, `disabled`.
             * @example instant
             */
            digest_frequency: string;
        };
        NotificationCategory: {
            /** @example resource_failed */
            value: string;
            /** @example Resource failed */
            label: string;
            /** @example resource */
            group: string;
            /** @example critical */
            severity: string;
        };
        NotificationGroup: {
            /**
             * @description Values so far: `resource`, `billing`, `security`, `snapshot`, `team`, `maintenance`, `alert`.
             * @example resource
             */
            value: string;
            /** @example Resources */
            label: string;
        };
        NotificationChannel: {
            /** @example mail */
            value: string;
            /** @example E-mail */
            label: string;
            /** @example An e-mail to the address of the account. */
            description: string;
            /** @example mail */
            icon: string;
        };
        NotificationDigest: {
            /** @example mail */
            value: string;
            /** @example E-mail */
            label: string;
            /** @example An e-mail to the address of the account. */
            description: string;
        };
        UpdateNotificationPreferences: {
            preferences: components["schemas"]["UpdateNotificationPreference"][];
        };
        UpdateNotificationPreference: {
            /**
             * @example resource_failed
             * @enum {string}
             */
            category: "resource_provisioned" | "resource_failed" | "resource_destroyed" | "resource_status_changed" | "api_key_created" | "api_key_revoked" | "firewall_changed" | "suspicious_activity" | "new_login" | "snapshot_completed" | "snapshot_failed" | "restore_completed" | "restore_failed" | "team_member_added" | "team_member_removed" | "team_invitation_sent" | "team_invitation_accepted" | "cpu_threshold_exceeded" | "memory_threshold_exceeded" | "disk_threshold_exceeded" | "connections_threshold_exceeded" | "pod_health_issue" | "storage_quota_threshold" | "invoice_generated" | "payment_successful" | "payment_failed" | "credits_low" | "credits_expiring" | "pricing_contract_expiring_soon" | "pricing_contract_expired" | "budget_threshold_50" | "budget_threshold_80" | "budget_exceeded" | "audit_finding_critical" | "audit_security_digest" | "maintenance_scheduled" | "maintenance_started" | "maintenance_completed" | "incident_reported" | "incident_resolved" | "uptime_check_down" | "uptime_check_recovered" | "ssl_certificate_expiring";
            /**
             * @example mail
             * @enum {string}
             */
            channel: "database" | "mail" | "webhook" | "slack" | "sms";
            /** @example true */
            enabled: boolean;
            /**
             * @description At once, or with others in one e-mail. Only e-mails have digests.
             * @example instant
             * @enum {string}
             */
            digest_frequency?: "instant" | "daily" | "weekly" | "disabled";
        };
        NotificationPreferencesUpdated: {
            /** @example Preferences saved. */
            message: string;
            preferences: components["schemas"]["NotificationPreference"][];
        };
        NotificationPreferencesReset: {
            /** @example The preferences are those of the beginning again. */
            message: string;
        };
        SearchResults: {
            /** @description The best first, 50 at most. */
            results: components["schemas"]["SearchResult"][];
        };
        SearchResult: {
            /**
             * @description Its type, as `resource_type` elsewhere.
             * @example vps
             */
            type: string;
            /** @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e */
            id: string;
            /** @example web-1 */
            name: string;
            /**
             * @description Null where such a resource has none.
             * @example running
             */
            status: string | null;
            /**
             * @description What it was found by. Values so far: `name`, `id`, `address`, `tag`.
             * @example name
             */
            match: string;
            /**
             * Format: date-time
             * @example 2026-01-15T09:30:00.000Z
             */
            created_at: string;
        };
    };
    responses: {
        /** @description The answer that you have is still right. */
        NotModified: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content?: never;
        };
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The token or session is missing, unknown, revoked or expired, or the sign-in failed. */
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The token or session may not do this, or not for that team. */
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description It does not exist in this team. */
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
                "application/json": components["schemas"]["ApiError"];
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
                "application/json": components["schemas"]["ApiError"];
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
                "application/json": components["schemas"]["ApiError"];
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description A value is invalid, a quota is reached, or the current state does not allow the request. */
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Too many requests in a minute, an hour or a day, or too many of one team at once. */
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The headers of the request, with its path and query, are larger than 16 KB. */
        HeadersTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Access-Control-Allow-Origin": components["headers"]["Access-Control-Allow-Origin"];
                "X-RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "X-RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "X-RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description A part that the request needs does not answer at the moment, or the host has no room. */
        Unavailable: {
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
                "application/json": components["schemas"]["ApiError"];
            };
        };
    };
    parameters: {
        /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
        IdempotencyKey: string;
        /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
        IfNoneMatch: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description How many requests the most restrictive limit allows.
         * @example 60
         */
        RateLimitLimit: number;
        /**
         * @description How many requests are left under the most restrictive limit.
         * @example 59
         */
        RateLimitRemaining: number;
        /**
         * @description When the count of that limit starts again, in Unix seconds.
         * @example 1768469460
         */
        RateLimitReset: number;
        /**
         * @description When to try again, in seconds.
         * @example 12
         */
        RetryAfter: number;
        /**
         * @description Identifies this request in the server’s log. If the client sent an `X-Request-Id`, it is that one.
         * @example 0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19
         */
        RequestId: string;
        /**
         * @description Web pages of any origin may call the API with a token. Missing where a cookie counts.
         * @example *
         */
        "Access-Control-Allow-Origin": "*";
        /**
         * @description Present if this is the stored response to an earlier request with the same key.
         * @example true
         */
        IdempotencyReplayed: "true";
        /**
         * @description A name for this answer, to be sent as `If-None-Match`. It stays the same until something else changes than the ids of requests and the times of the last look.
         * @example W/"3q2-7wAAAAAAAAAAAAAAAA"
         */
        ETag: string;
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
                     *       "storage": "ok",
                     *       "images": {
                     *         "building": "postgresql-18",
                     *         "percent": 40,
                     *         "waiting": [
                     *           "valkey-9.1"
                     *         ],
                     *         "failed": [
                     *           "redis-8.0"
                     *         ]
                     *       },
                     *       "simulated": false
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadRequest"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            /** @description A part of the install does not answer. */
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
                     *       "storage": "ok",
                     *       "images": {
                     *         "building": "postgresql-18",
                     *         "percent": 40,
                     *         "waiting": [
                     *           "valkey-9.1"
                     *         ],
                     *         "failed": [
                     *           "redis-8.0"
                     *         ]
                     *       },
                     *       "simulated": false
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getAccount: {
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
                     *       "id": 1,
                     *       "name": "Ada",
                     *       "email": "ada@example.org",
                     *       "current_team_id": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listTeams: {
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
                    "application/json": components["schemas"]["TeamList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSession: {
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
                     *       "session_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *       "account_id": 1,
                     *       "proved_at": "2026-01-15T09:30:00.000Z",
                     *       "proof_expires_at": "2026-01-15T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CurrentSession"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Signed out."
                     *     }
                     */
                    "application/json": components["schemas"]["SignedOut"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSessions: {
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "current": true,
                     *           "method": "password",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "expires_at": "2026-01-15T09:30:00.000Z",
                     *           "last_used_at": "2026-01-15T09:30:00.000Z",
                     *           "last_used_ip": "203.0.113.9",
                     *           "user_agent": "Mozilla/5.0"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    endOtherSessions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "3 sessions ended.",
                     *       "count": 3
                     *     }
                     */
                    "application/json": components["schemas"]["SessionsEnded"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the session.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                session: string;
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
                     *       "message": "Session ended."
                     *     }
                     */
                    "application/json": components["schemas"]["SessionEnded"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAuditEntries: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only entries with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only entries with this status.
                 * @example failed
                 */
                status?: "done" | "refused" | "failed";
                /**
                 * @description Only what this account did.
                 * @example 1
                 */
                account?: number;
                /**
                 * @description Only what was done to resources of this type.
                 * @example vps
                 */
                resource_type?: string;
                /**
                 * @description Only what was done to this resource.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                resource_id?: string;
                /**
                 * @description Only entries with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": 1842,
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "account_id": 1,
                     *           "account_email": "ada@example.org",
                     *           "credential": "token",
                     *           "credential_id": "12",
                     *           "address": "192.0.2.10",
                     *           "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *           "action": "updateVps",
                     *           "resource_type": "vps",
                     *           "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "outcome": "done",
                     *           "error_code": "missing_scope",
                     *           "before": {
                     *             "name": "web-1"
                     *           },
                     *           "after": {
                     *             "name": "web-2"
                     *           },
                     *           "hash": "6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9"
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AuditEntryList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    exportAuditEntries: {
        parameters: {
            query?: {
                /**
                 * @description Begin after the entry with this id.
                 * @example 0
                 */
                since?: number;
            };
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
                    /** @example {"id":1842,"action":"updateVps","outcome":"done"} */
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSignInOptions: {
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
                     *       "registration": "open",
                     *       "provider": "Example SSO",
                     *       "passkeys": true,
                     *       "sends_mail": true
                     *     }
                     */
                    "application/json": components["schemas"]["SignInOptions"];
                };
            };
            400: components["responses"]["BadRequest"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.org",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["PasswordSignIn"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "signed_in",
                     *       "account_id": 1,
                     *       "challenge": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                     *     }
                     */
                    "application/json": components["schemas"]["SignInResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    signInWithCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "challenge": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                 *       "code": "287082"
                 *     }
                 */
                "application/json": components["schemas"]["CodeSignIn"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "signed_in",
                     *       "account_id": 1,
                     *       "challenge": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                     *     }
                     */
                    "application/json": components["schemas"]["SignInResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmPassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["ConfirmPassword"];
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
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.org",
                 *       "name": "Ada",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["Register"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.org"
                 *     }
                 */
                "application/json": components["schemas"]["RequestPassword"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    setPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "secret": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["SetPassword"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "secret": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                 *     }
                 */
                "application/json": components["schemas"]["ConfirmEmail"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["ChangePassword"];
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
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeEmail: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.org"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeEmail"];
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
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTwoFactor: {
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
                     *       "enabled": true,
                     *       "recovery_codes_left": 10
                     *     }
                     */
                    "application/json": components["schemas"]["TwoFactorState"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginTwoFactor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                     *       "uri": "otpauth://totp/Danube:ada%40example.org?secret=JBSWY3DPEHPK3PXP"
                     *     }
                     */
                    "application/json": components["schemas"]["TwoFactorBegun"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    disableTwoFactor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmTwoFactor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "287082"
                 *     }
                 */
                "application/json": components["schemas"]["ConfirmTwoFactor"];
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
                     *       "message": "Codes are asked for from now on. Keep the recovery codes: they are shown only now.",
                     *       "recovery_codes": [
                     *         "x3Tq8b-k2Lm9p"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RecoveryCodes"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    renewRecoveryCodes: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "Codes are asked for from now on. Keep the recovery codes: they are shown only now.",
                     *       "recovery_codes": [
                     *         "x3Tq8b-k2Lm9p"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["RecoveryCodes"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginPasskeySignIn: {
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
                     *       "ceremony": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                     *       "options": {
                     *         "challenge": "q83vEjRWeJA",
                     *         "rpId": "cloud.example.org",
                     *         "timeout": 60000,
                     *         "allowCredentials": [
                     *           {
                     *             "id": "q83vEjRWeJA",
                     *             "type": "public-key",
                     *             "transports": [
                     *               "internal"
                     *             ]
                     *           }
                     *         ],
                     *         "userVerification": "required"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["PasskeyRequest"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    signInWithPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ceremony": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                 *       "credential": {
                 *         "id": "q83vEjRWeJA",
                 *         "rawId": "q83vEjRWeJA",
                 *         "type": "public-key",
                 *         "response": {
                 *           "clientDataJSON": "q83vEjRWeJA",
                 *           "authenticatorData": "q83vEjRWeJA",
                 *           "signature": "q83vEjRWeJA",
                 *           "userHandle": "q83vEjRWeJA"
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UsePasskey"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "signed_in",
                     *       "account_id": 1,
                     *       "challenge": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                     *     }
                     */
                    "application/json": components["schemas"]["SignInResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginPasskeyConfirmation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ceremony": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                     *       "options": {
                     *         "challenge": "q83vEjRWeJA",
                     *         "rpId": "cloud.example.org",
                     *         "timeout": 60000,
                     *         "allowCredentials": [
                     *           {
                     *             "id": "q83vEjRWeJA",
                     *             "type": "public-key",
                     *             "transports": [
                     *               "internal"
                     *             ]
                     *           }
                     *         ],
                     *         "userVerification": "required"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["PasskeyRequest"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmPasskey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ceremony": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                 *       "credential": {
                 *         "id": "q83vEjRWeJA",
                 *         "rawId": "q83vEjRWeJA",
                 *         "type": "public-key",
                 *         "response": {
                 *           "clientDataJSON": "q83vEjRWeJA",
                 *           "authenticatorData": "q83vEjRWeJA",
                 *           "signature": "q83vEjRWeJA",
                 *           "userHandle": "q83vEjRWeJA"
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UsePasskey"];
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
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginPasskey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ceremony": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                     *       "options": {
                     *         "challenge": "q83vEjRWeJA",
                     *         "rp": {
                     *           "id": "cloud.example.org",
                     *           "name": "Danube"
                     *         },
                     *         "user": {
                     *           "id": "q83vEjRWeJA",
                     *           "name": "ada@example.org",
                     *           "displayName": "Ada"
                     *         },
                     *         "pubKeyCredParams": [
                     *           {
                     *             "type": "public-key",
                     *             "alg": -7
                     *           }
                     *         ],
                     *         "timeout": 60000,
                     *         "excludeCredentials": [
                     *           {
                     *             "id": "q83vEjRWeJA",
                     *             "type": "public-key",
                     *             "transports": [
                     *               "internal"
                     *             ]
                     *           }
                     *         ],
                     *         "authenticatorSelection": {
                     *           "residentKey": "required",
                     *           "requireResidentKey": true,
                     *           "userVerification": "required"
                     *         },
                     *         "attestation": "none"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["PasskeyCreation"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    addPasskey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ceremony": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
                 *       "name": "Laptop",
                 *       "credential": {
                 *         "id": "q83vEjRWeJA",
                 *         "rawId": "q83vEjRWeJA",
                 *         "type": "public-key",
                 *         "response": {
                 *           "clientDataJSON": "q83vEjRWeJA",
                 *           "attestationObject": "q83vEjRWeJA",
                 *           "transports": [
                 *             "internal"
                 *           ]
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["AddPasskey"];
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
                     *       "message": "Passkey added.",
                     *       "passkey": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "Laptop",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "last_used_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["PasskeyAdded"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPasskeys: {
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "Laptop",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "last_used_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PasskeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deletePasskey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the passkey.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                passkey: string;
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
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginProviderSignIn: {
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
                     *       "url": "https://sso.example.org/authorize?client_id=danube"
                     *     }
                     */
                    "application/json": components["schemas"]["ProviderBegun"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    finishProviderSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "code": "SplxlOBeZQQYbYS6WxSbIA",
                 *       "state": "af0ifjsldkj",
                 *       "iss": "https://sso.example.org",
                 *       "error": "access_denied"
                 *     }
                 */
                "application/json": components["schemas"]["FinishProvider"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "signed_in",
                     *       "account_id": 1,
                     *       "challenge": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                     *     }
                     */
                    "application/json": components["schemas"]["SignInResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginIdentity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "url": "https://sso.example.org/authorize?client_id=danube"
                     *     }
                     */
                    "application/json": components["schemas"]["ProviderBegun"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listIdentities: {
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "issuer": "https://sso.example.org",
                     *           "email": "ada@example.org",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "last_used_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["IdentityList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteIdentity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the sign-in.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                identity: string;
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
                     *       "message": "Done."
                     *     }
                     */
                    "application/json": components["schemas"]["AccountMessage"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSshKeys: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only SSH keys with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only SSH keys with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["SshKeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createSshKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                "application/json": components["schemas"]["CreateSshKey"];
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
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["SshKeyCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getSshKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
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
                    ETag: components["headers"]["ETag"];
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
                    "application/json": components["schemas"]["SshKeyResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteSshKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                    "application/json": components["schemas"]["SshKeyDeleted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVps: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only instances with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only instances with this status.
                 * @example recreating
                 */
                status?: "pending" | "provisioning" | "starting" | "running" | "stopping" | "stopped" | "rebooting" | "restoring" | "reinstalling" | "error" | "destroying" | "recreating";
                /**
                 * @description Only instances in this datacenter.
                 * @example fsn1
                 */
                datacenter?: string;
                /**
                 * @description Only instances with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *             "error": null
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
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["VpsList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `ssh_key_id` by ids of yours. */
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
                     *           "error": null
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
                     *       "firewall_created": true,
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["VpsCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsImages: {
        parameters: {
            query?: {
                /**
                 * @description Whether to list the images too that this install cannot offer, each with the reason.
                 * @example 1
                 */
                include_unavailable?: "0" | "1" | "false" | "true";
            };
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
                    "application/json": components["schemas"]["VpsImageList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsImagesGrouped: {
        parameters: {
            query?: {
                /**
                 * @description Whether to list the images too that this install cannot offer, each with the reason.
                 * @example 1
                 */
                include_unavailable?: "0" | "1" | "false" | "true";
            };
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
                    "application/json": components["schemas"]["VpsImageGroupList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsPlans: {
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
                     *       "plans": [
                     *         {
                     *           "name": "nano_shared",
                     *           "resource_profile": "nano_shared",
                     *           "slug": "nano_shared",
                     *           "display_name": "Nano shared",
                     *           "storage_size_gb": 40,
                     *           "storage_gb": 40,
                     *           "monthly_cost_cents": 449,
                     *           "monthly_cost_dollars": 4.49,
                     *           "monthly_cost": 4.49,
                     *           "currency": "EUR",
                     *           "cpu_allocation_type": "shared",
                     *           "type": "shared",
                     *           "cpu_cores": 2,
                     *           "memory_size_gb": 2,
                     *           "memory_gb": 2
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["VpsPlanList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
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
                    ETag: components["headers"]["ETag"];
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
                     *           "error": null
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
                    "application/json": components["schemas"]["VpsResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                 *       "name": "web-2",
                 *       "resource_profile": "micro_shared"
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
                     *           "error": null
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
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["VpsUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                    "application/json": components["schemas"]["VpsActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsStatus: {
        parameters: {
            query?: never;
            header?: never;
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
                    "application/json": components["schemas"]["VpsStatusResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsPassword: {
        parameters: {
            query?: never;
            header?: never;
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
                    "application/json": components["schemas"]["VpsPassword"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    startVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                    "application/json": components["schemas"]["VpsActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    stopVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                    "application/json": components["schemas"]["VpsActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    rebootVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                    "application/json": components["schemas"]["VpsActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    reinstallVps: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
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
                    "application/json": components["schemas"]["VpsActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsLogs: {
        parameters: {
            query?: {
                /**
                 * @description `console` (the default): what was written to the console since the server started. `cloud-init`: what cloud-init did. `cloud-init-output`: what the commands in the user-data printed.
                 * @example cloud-init-output
                 */
                log?: "console" | "cloud-init" | "cloud-init-output";
            };
            header?: never;
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
                     *       "success": true,
                     *       "data": {
                     *         "available": true,
                     *         "log": "console",
                     *         "text": "Cloud-init v. 22.4.2 finished at Thu, 15 Jan 2026 09:30:00 +0000."
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["VpsLogResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsMetrics: {
        parameters: {
            query?: never;
            header?: never;
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
                     *       "cpu": {
                     *         "usage_percent": 12.5,
                     *         "cores": 2,
                     *         "sockets": 1,
                     *         "threads": 2
                     *       },
                     *       "memory": {
                     *         "used_gb": 0.5,
                     *         "total_gb": 2,
                     *         "usage_percent": 25
                     *       },
                     *       "storage": {
                     *         "used_gb": 4,
                     *         "total_gb": 40,
                     *         "usage_percent": 10
                     *       },
                     *       "network": {
                     *         "rx_bytes_per_sec": 1200,
                     *         "tx_bytes_per_sec": 3400,
                     *         "error_rate": 0,
                     *         "status": "Healthy"
                     *       },
                     *       "uptime_seconds": 3600,
                     *       "timestamp": "2026-01-15T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["VpsMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsMetricHistory: {
        parameters: {
            query: {
                /**
                 * @description What is asked for, see docs/metrics.md.
                 * @example cpu_usage
                 */
                metric: "cpu_usage" | "memory_usage" | "memory_used" | "network_receive_rate" | "network_transmit_rate" | "network_fault_share" | "disk_read_rate" | "disk_write_rate" | "processes" | "cpu_steal" | "disk_usage" | "disk_used";
                /**
                 * @description The first moment (ISO 8601); an hour before the last by default.
                 * @example 2026-01-15T09:30:00Z
                 */
                from?: string;
                /**
                 * @description The last moment (ISO 8601); now by default.
                 * @example 2026-01-15T10:30:00Z
                 */
                to?: string;
                /**
                 * @description Seconds between two points; by default what makes at most 240 points. An answer has at most 1000.
                 * @example 60
                 */
                step?: number;
            };
            header?: never;
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
                     *       "metric": "cpu_usage",
                     *       "unit": "%",
                     *       "from": "2026-01-15T09:30:00.000Z",
                     *       "to": "2026-01-15T09:30:00.000Z",
                     *       "step": 60,
                     *       "points": [
                     *         {
                     *           "time": "2026-01-15T09:30:00.000Z",
                     *           "value": 12.5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["MetricHistory"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsMetrics: {
        parameters: {
            query: {
                /**
                 * @description What is asked for, see docs/metrics.md.
                 * @example cpu_usage
                 */
                metric: "cpu_usage" | "memory_usage" | "memory_used" | "network_receive_rate" | "network_transmit_rate" | "network_fault_share" | "disk_read_rate" | "disk_write_rate" | "processes" | "cpu_steal" | "disk_usage" | "disk_used";
            };
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
                     *       "metric": "cpu_usage",
                     *       "unit": "%",
                     *       "time": "2026-01-15T09:30:00.000Z",
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "value": 12.5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CurrentMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsEvents: {
        parameters: {
            query?: never;
            header?: never;
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
                     *       "success": true,
                     *       "data": {
                     *         "available": true,
                     *         "events": [
                     *           {
                     *             "type": "Normal",
                     *             "reason": "Created",
                     *             "message": "The database was created and answers queries.",
                     *             "resource": "database/shop",
                     *             "count": "1",
                     *             "first_seen": "2026-01-15T09:30:00.000Z",
                     *             "last_seen": "2026-01-15T09:30:00.000Z"
                     *           }
                     *         ]
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceEventsResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    diagnoseVps: {
        parameters: {
            query?: never;
            header?: never;
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
                     *       "success": true,
                     *       "data": {
                     *         "verdict": "healthy",
                     *         "status": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "findings": [
                     *           {
                     *             "code": "disk_nearly_full",
                     *             "severity": "critical",
                     *             "summary": "91 % of its 10 GB of storage are in use.",
                     *             "remediation": "Grow its storage.",
                     *             "retryable": false
                     *           }
                     *         ],
                     *         "sections": {
                     *           "events": {
                     *             "available": true,
                     *             "count": 3,
                     *             "truncated": false
                     *           },
                     *           "logs": {
                     *             "available": true,
                     *             "sampled_lines": 120
                     *           },
                     *           "disk": {
                     *             "size_gb": 40,
                     *             "used_mb": 3120
                     *           }
                     *         }
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DiagnosisResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatabases: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only instances with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only instances with this status.
                 * @example destroying
                 */
                status?: "pending" | "provisioning" | "starting" | "running" | "updating" | "stopping" | "stopped" | "restoring" | "error" | "destroying";
                /**
                 * @description Only instances in this datacenter.
                 * @example fsn1
                 */
                datacenter?: string;
                /**
                 * @description Only instances with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "shop",
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
                     *             "error": null
                     *           },
                     *           "capabilities": {
                     *             "logs": true,
                     *             "events": true,
                     *             "diagnose": true,
                     *             "build_logs": false
                     *           },
                     *           "resource_profile": "micro",
                     *           "cpu_cores": 1,
                     *           "memory_size_mb": 1024,
                     *           "version": "17",
                     *           "provider_id": 1,
                     *           "provider": {
                     *             "id": 1,
                     *             "name": "PostgreSQL",
                     *             "type": "postgresql"
                     *           },
                     *           "storage_size_gb": 10,
                     *           "database_name": "shop",
                     *           "datacenter": "fsn1",
                     *           "engine": {
                     *             "id": 1,
                     *             "name": "PostgreSQL"
                     *           },
                     *           "endpoint": "10.64.0.10",
                     *           "port": 5432,
                     *           "dns_hostname": "203.0.113.7",
                     *           "dns_port": 20000,
                     *           "internal_host": "ip-10-64-0-10.danube.internal",
                     *           "internal_port": 5432,
                     *           "internal_endpoint": "ip-10-64-0-10.danube.internal:5432",
                     *           "public_endpoint": "203.0.113.7:20000",
                     *           "connection_host": "10.64.0.10",
                     *           "connection_port": 5432,
                     *           "proxy_dns_hostname": "proxy.example.org",
                     *           "proxy_dns_port": 5432,
                     *           "proxy_any_dns_port": 5432,
                     *           "username": "danube",
                     *           "storage_autoscale_policy": {
                     *             "enabled": false,
                     *             "threshold_percent": 80,
                     *             "increment_gib": 10,
                     *             "max_storage_gib": 10000,
                     *             "last_scaled_at": "2026-01-15T09:30:00.000Z",
                     *             "last_checked_at": "2026-01-15T09:30:00.000Z"
                     *           },
                     *           "configuration": {
                     *             "max_connections": "200"
                     *           },
                     *           "parameter_group": {
                     *             "id": 7
                     *           },
                     *           "pending_restart": [
                     *             "max_connections"
                     *           ],
                     *           "automated_snapshots_enabled": true,
                     *           "monthly_cost_cents": 999,
                     *           "monthly_cost_dollars": 9.99,
                     *           "deployed_at": "2026-01-15T09:30:00.000Z",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "user_id": 1,
                     *           "can_be_started": true,
                     *           "can_be_stopped": true,
                     *           "can_be_destroyed": true
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "shop",
                 *       "provider": "postgresql",
                 *       "version": "17",
                 *       "database_name": "shop",
                 *       "datacenter": "fsn1",
                 *       "resource_profile": "micro"
                 *     }
                 */
                "application/json": components["schemas"]["CreateDatabase"];
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
                     *       "message": "The database is being created.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "storage_size_gb": 10,
                     *         "database_name": "shop",
                     *         "datacenter": "fsn1",
                     *         "engine": {
                     *           "id": 1,
                     *           "name": "PostgreSQL"
                     *         },
                     *         "endpoint": "10.64.0.10",
                     *         "port": 5432,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 5432,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:5432",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 5432,
                     *         "proxy_dns_hostname": "proxy.example.org",
                     *         "proxy_dns_port": 5432,
                     *         "proxy_any_dns_port": 5432,
                     *         "username": "danube",
                     *         "storage_autoscale_policy": {
                     *           "enabled": false,
                     *           "threshold_percent": 80,
                     *           "increment_gib": 10,
                     *           "max_storage_gib": 10000,
                     *           "last_scaled_at": "2026-01-15T09:30:00.000Z",
                     *           "last_checked_at": "2026-01-15T09:30:00.000Z"
                     *         },
                     *         "configuration": {
                     *           "max_connections": "200"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "max_connections"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatabasePlans: {
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
                     *       "plans": [
                     *         {
                     *           "name": "micro",
                     *           "resource_profile": "micro",
                     *           "slug": "micro",
                     *           "display_name": "Small",
                     *           "storage_size_gb": 40,
                     *           "storage_gb": 40,
                     *           "monthly_cost_cents": 449,
                     *           "monthly_cost_dollars": 4.49,
                     *           "monthly_cost": 4.49,
                     *           "currency": "EUR",
                     *           "cpu_cores": 1,
                     *           "memory_size_mb": 1024,
                     *           "memory_mb": 1024
                     *         }
                     *       ],
                     *       "providers": [
                     *         {
                     *           "id": 1,
                     *           "type": "postgresql",
                     *           "name": "PostgreSQL",
                     *           "versions": [
                     *             "18"
                     *           ],
                     *           "default_version": "18",
                     *           "extensions": [
                     *             {
                     *               "version": "18",
                     *               "names": [
                     *                 "hstore"
                     *               ]
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DatabasePlanList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "storage_size_gb": 10,
                     *         "database_name": "shop",
                     *         "datacenter": "fsn1",
                     *         "engine": {
                     *           "id": 1,
                     *           "name": "PostgreSQL"
                     *         },
                     *         "endpoint": "10.64.0.10",
                     *         "port": 5432,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 5432,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:5432",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 5432,
                     *         "proxy_dns_hostname": "proxy.example.org",
                     *         "proxy_dns_port": 5432,
                     *         "proxy_any_dns_port": 5432,
                     *         "username": "danube",
                     *         "storage_autoscale_policy": {
                     *           "enabled": false,
                     *           "threshold_percent": 80,
                     *           "increment_gib": 10,
                     *           "max_storage_gib": 10000,
                     *           "last_scaled_at": "2026-01-15T09:30:00.000Z",
                     *           "last_checked_at": "2026-01-15T09:30:00.000Z"
                     *         },
                     *         "configuration": {
                     *           "max_connections": "200"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "max_connections"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "connection_info": "postgresql://danube@10.64.0.10:5432/shop?sslmode=require",
                     *       "monthly_cost": 9.99
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "resource_profile": "small",
                 *       "storage_size_gb": 30
                 *     }
                 */
                "application/json": components["schemas"]["UpdateDatabase"];
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
                     *       "message": "The database is being updated.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "storage_size_gb": 10,
                     *         "database_name": "shop",
                     *         "datacenter": "fsn1",
                     *         "engine": {
                     *           "id": 1,
                     *           "name": "PostgreSQL"
                     *         },
                     *         "endpoint": "10.64.0.10",
                     *         "port": 5432,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 5432,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:5432",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 5432,
                     *         "proxy_dns_hostname": "proxy.example.org",
                     *         "proxy_dns_port": 5432,
                     *         "proxy_any_dns_port": 5432,
                     *         "username": "danube",
                     *         "storage_autoscale_policy": {
                     *           "enabled": false,
                     *           "threshold_percent": 80,
                     *           "increment_gib": 10,
                     *           "max_storage_gib": 10000,
                     *           "last_scaled_at": "2026-01-15T09:30:00.000Z",
                     *           "last_checked_at": "2026-01-15T09:30:00.000Z"
                     *         },
                     *         "configuration": {
                     *           "max_connections": "200"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "max_connections"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "message": "The database is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    startDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "message": "The database is starting.",
                     *       "status": "starting",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    stopDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "message": "The database is stopping.",
                     *       "status": "stopping",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    forceStopDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "message": "The database is stopped.",
                     *       "status": "stopped",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabaseCredentials: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "host": "10.64.0.10",
                     *       "port": 5432,
                     *       "username": "danube",
                     *       "password": "kT7wq2mXf9RzcV4hB3nYpLsD",
                     *       "previous_password_expires_at": "2026-01-15T09:30:00.000Z",
                     *       "connection_info": "postgresql://danube:kT7wq2mX@10.64.0.10:5432/shop?sslmode=require",
                     *       "database": "shop"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseCredentials"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateDatabaseCredentials: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "overlap_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["RotateCredentials"];
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
                     *       "message": "The database is getting a new password.",
                     *       "status": "updating",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseCredentialsRotated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    publishDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "message": "The database is being published.",
                     *       "dns_hostname": "203.0.113.7",
                     *       "dns_port": 20000,
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabasePublished"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    withdrawDatabase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "message": "The database is being withdrawn.",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseWithdrawn"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabaseLogs: {
        parameters: {
            query?: {
                /**
                 * @description Only entries from this time on (ISO 8601), oldest first.
                 * @example 2026-01-15T09:30:00Z
                 */
                since?: string;
                /**
                 * @description Only entries up to this time (ISO 8601).
                 * @example 2026-01-15T10:30:00Z
                 */
                until?: string;
                /**
                 * @description `meta.cursor` of the previous response.
                 * @example 2026-01-15T09:30:00.12345-000000
                 */
                cursor?: string;
                /** @example 100 */
                limit?: number;
                /**
                 * @description Only entries of this severity and above.
                 * @example debug
                 */
                level?: "debug" | "info" | "warn" | "error";
            };
            header?: never;
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *         "available": true,
                     *         "entries": [
                     *           {
                     *             "timestamp": "2026-01-15T09:30:00.000Z",
                     *             "message": "database system is ready to accept connections",
                     *             "level": "info",
                     *             "pod": "database-0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "container": "postgresql",
                     *             "stream": "stderr"
                     *           }
                     *         ]
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["LogsResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabaseEvents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *         "available": true,
                     *         "events": [
                     *           {
                     *             "type": "Normal",
                     *             "reason": "Created",
                     *             "message": "The database was created and answers queries.",
                     *             "resource": "database/shop",
                     *             "count": "1",
                     *             "first_seen": "2026-01-15T09:30:00.000Z",
                     *             "last_seen": "2026-01-15T09:30:00.000Z"
                     *           }
                     *         ]
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceEventsResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    diagnoseDatabase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *         "verdict": "healthy",
                     *         "status": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "findings": [
                     *           {
                     *             "code": "disk_nearly_full",
                     *             "severity": "critical",
                     *             "summary": "91 % of its 10 GB of storage are in use.",
                     *             "remediation": "Grow its storage.",
                     *             "retryable": false
                     *           }
                     *         ],
                     *         "sections": {
                     *           "events": {
                     *             "available": true,
                     *             "count": 3,
                     *             "truncated": false
                     *           },
                     *           "logs": {
                     *             "available": true,
                     *             "sampled_lines": 120
                     *           },
                     *           "disk": {
                     *             "size_gb": 40,
                     *             "used_mb": 3120
                     *           }
                     *         }
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DiagnosisResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabaseMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "summary": {
                     *         "memory_used_bytes": 52428800,
                     *         "memory_used_mb": 50,
                     *         "connected_clients": 4,
                     *         "max_clients": 100,
                     *         "total_queries": 1200,
                     *         "slow_queries": 3,
                     *         "uptime_seconds": 3600,
                     *         "retrieved_at": "2026-01-15T09:30:00.000Z",
                     *         "reason": "The database is stopped."
                     *       },
                     *       "health": {
                     *         "is_healthy": true,
                     *         "up_status": "up",
                     *         "checked_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabaseMetricHistory: {
        parameters: {
            query: {
                /**
                 * @description What is asked for, see docs/metrics.md.
                 * @example cpu_usage
                 */
                metric: "cpu_usage" | "memory_usage" | "memory_used" | "network_receive_rate" | "network_transmit_rate" | "network_fault_share" | "disk_read_rate" | "disk_write_rate" | "processes" | "cpu_steal" | "disk_usage" | "disk_used" | "db_connections" | "db_connection_usage" | "db_queries_per_second" | "db_slow_queries_per_second";
                /**
                 * @description The first moment (ISO 8601); an hour before the last by default.
                 * @example 2026-01-15T09:30:00Z
                 */
                from?: string;
                /**
                 * @description The last moment (ISO 8601); now by default.
                 * @example 2026-01-15T10:30:00Z
                 */
                to?: string;
                /**
                 * @description Seconds between two points; by default what makes at most 240 points. An answer has at most 1000.
                 * @example 60
                 */
                step?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                databaseInstance: string;
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
                     *       "metric": "cpu_usage",
                     *       "unit": "%",
                     *       "from": "2026-01-15T09:30:00.000Z",
                     *       "to": "2026-01-15T09:30:00.000Z",
                     *       "step": 60,
                     *       "points": [
                     *         {
                     *           "time": "2026-01-15T09:30:00.000Z",
                     *           "value": 12.5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["MetricHistory"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatabaseMetrics: {
        parameters: {
            query: {
                /**
                 * @description What is asked for, see docs/metrics.md.
                 * @example cpu_usage
                 */
                metric: "cpu_usage" | "memory_usage" | "memory_used" | "network_receive_rate" | "network_transmit_rate" | "network_fault_share" | "disk_read_rate" | "disk_write_rate" | "processes" | "cpu_steal" | "disk_usage" | "disk_used" | "db_connections" | "db_connection_usage" | "db_queries_per_second" | "db_slow_queries_per_second";
            };
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
                     *       "metric": "cpu_usage",
                     *       "unit": "%",
                     *       "time": "2026-01-15T09:30:00.000Z",
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "value": 12.5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CurrentMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCaches: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only instances with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only instances with this status.
                 * @example destroying
                 */
                status?: "pending" | "provisioning" | "starting" | "running" | "updating" | "stopping" | "stopped" | "restoring" | "error" | "destroying";
                /**
                 * @description Only instances in this datacenter.
                 * @example fsn1
                 */
                datacenter?: string;
                /**
                 * @description Only instances with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "shop",
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
                     *             "error": null
                     *           },
                     *           "capabilities": {
                     *             "logs": true,
                     *             "events": true,
                     *             "diagnose": true,
                     *             "build_logs": false
                     *           },
                     *           "resource_profile": "micro",
                     *           "cpu_cores": 1,
                     *           "memory_size_mb": 1024,
                     *           "version": "17",
                     *           "provider_id": 1,
                     *           "provider": {
                     *             "id": 1,
                     *             "name": "PostgreSQL",
                     *             "type": "postgresql"
                     *           },
                     *           "datacenter": "fsn1",
                     *           "endpoint": "10.64.0.10",
                     *           "port": 6380,
                     *           "dns_hostname": "203.0.113.7",
                     *           "dns_port": 20000,
                     *           "internal_host": "ip-10-64-0-10.danube.internal",
                     *           "internal_port": 6380,
                     *           "internal_endpoint": "ip-10-64-0-10.danube.internal:6380",
                     *           "public_endpoint": "203.0.113.7:20000",
                     *           "connection_host": "10.64.0.10",
                     *           "connection_port": 6380,
                     *           "plain_port": 6379,
                     *           "configuration": {
                     *             "maxmemory-policy": "allkeys-lru"
                     *           },
                     *           "parameter_group": {
                     *             "id": 7
                     *           },
                     *           "pending_restart": [
                     *             "maxmemory-policy"
                     *           ],
                     *           "automated_snapshots_enabled": true,
                     *           "monthly_cost_cents": 999,
                     *           "monthly_cost_dollars": 9.99,
                     *           "deployed_at": "2026-01-15T09:30:00.000Z",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "user_id": 1,
                     *           "can_be_started": true,
                     *           "can_be_stopped": true,
                     *           "can_be_destroyed": true
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CacheList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "sessions",
                 *       "provider": "redis",
                 *       "datacenter": "fsn1",
                 *       "resource_profile": "micro"
                 *     }
                 */
                "application/json": components["schemas"]["CreateCache"];
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
                     *       "message": "The cache is being created.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "datacenter": "fsn1",
                     *         "endpoint": "10.64.0.10",
                     *         "port": 6380,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 6380,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:6380",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 6380,
                     *         "plain_port": 6379,
                     *         "configuration": {
                     *           "maxmemory-policy": "allkeys-lru"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "maxmemory-policy"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCachePlans: {
        parameters: {
            query?: {
                /**
                 * @description Lists only this engine. The list is empty if there is no such engine.
                 * @example redis
                 */
                provider?: string;
            };
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
                     *       "plans": [
                     *         {
                     *           "name": "micro",
                     *           "resource_profile": "micro",
                     *           "slug": "micro",
                     *           "display_name": "Small",
                     *           "storage_size_gb": 40,
                     *           "storage_gb": 40,
                     *           "monthly_cost_cents": 449,
                     *           "monthly_cost_dollars": 4.49,
                     *           "monthly_cost": 4.49,
                     *           "currency": "EUR",
                     *           "provider": "redis",
                     *           "cpu_cores": 1,
                     *           "memory_size_mb": 1024,
                     *           "memory_mb": 1024
                     *         }
                     *       ],
                     *       "providers": [
                     *         {
                     *           "id": 1,
                     *           "type": "redis",
                     *           "name": "Redis",
                     *           "versions": [
                     *             "8.0"
                     *           ],
                     *           "default_version": "8.0",
                     *           "extensions": [
                     *             {
                     *               "version": "8.0",
                     *               "names": [
                     *                 "hstore"
                     *               ]
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CachePlanList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "datacenter": "fsn1",
                     *         "endpoint": "10.64.0.10",
                     *         "port": 6380,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 6380,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:6380",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 6380,
                     *         "plain_port": 6379,
                     *         "configuration": {
                     *           "maxmemory-policy": "allkeys-lru"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "maxmemory-policy"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "connection_info": "rediss://default@10.64.0.10:6380/",
                     *       "monthly_cost": 9.99
                     *     }
                     */
                    "application/json": components["schemas"]["CacheResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "resource_profile": "small"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateCache"];
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
                     *       "message": "The cache is being updated.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "datacenter": "fsn1",
                     *         "endpoint": "10.64.0.10",
                     *         "port": 6380,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 6380,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:6380",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 6380,
                     *         "plain_port": 6379,
                     *         "configuration": {
                     *           "maxmemory-policy": "allkeys-lru"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "maxmemory-policy"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "message": "The cache is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    startCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "message": "The cache is starting.",
                     *       "status": "starting",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    stopCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "message": "The cache is stopping.",
                     *       "status": "stopping",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    forceStopCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "message": "The cache is stopped.",
                     *       "status": "stopped",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheCredentials: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "host": "10.64.0.10",
                     *       "port": 6380,
                     *       "username": "default",
                     *       "password": "kT7wq2mXf9RzcV4hB3nYpLsD",
                     *       "previous_password_expires_at": "2026-01-15T09:30:00.000Z",
                     *       "connection_info": "rediss://default:kT7wq2mX@10.64.0.10:6380/"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheCredentials"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateCacheCredentials: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "overlap_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["RotateCredentials"];
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
                     *       "message": "The cache is getting a new password.",
                     *       "status": "updating",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheCredentialsRotated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheConnectionInfo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "host": "10.64.0.10",
                     *       "port": 6380,
                     *       "username": "default",
                     *       "password": "kT7wq2mXf9RzcV4hB3nYpLsD",
                     *       "previous_password_expires_at": "2026-01-15T09:30:00.000Z",
                     *       "connection_info": "rediss://default:kT7wq2mX@10.64.0.10:6380/"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheCredentials"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    publishCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "message": "The cache is being published.",
                     *       "dns_hostname": "203.0.113.7",
                     *       "dns_port": 20000,
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CachePublished"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    withdrawCache: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "message": "The cache is being withdrawn.",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheWithdrawn"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheLogs: {
        parameters: {
            query?: {
                /**
                 * @description Only entries from this time on (ISO 8601), oldest first.
                 * @example 2026-01-15T09:30:00Z
                 */
                since?: string;
                /**
                 * @description Only entries up to this time (ISO 8601).
                 * @example 2026-01-15T10:30:00Z
                 */
                until?: string;
                /**
                 * @description `meta.cursor` of the previous response.
                 * @example 2026-01-15T09:30:00.12345-000000
                 */
                cursor?: string;
                /** @example 100 */
                limit?: number;
                /**
                 * @description Only entries of this severity and above.
                 * @example debug
                 */
                level?: "debug" | "info" | "warn" | "error";
            };
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *         "available": true,
                     *         "entries": [
                     *           {
                     *             "timestamp": "2026-01-15T09:30:00.000Z",
                     *             "message": "database system is ready to accept connections",
                     *             "level": "info",
                     *             "pod": "database-0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "container": "postgresql",
                     *             "stream": "stderr"
                     *           }
                     *         ]
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["LogsResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheEvents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *         "available": true,
                     *         "events": [
                     *           {
                     *             "type": "Normal",
                     *             "reason": "Created",
                     *             "message": "The database was created and answers queries.",
                     *             "resource": "database/shop",
                     *             "count": "1",
                     *             "first_seen": "2026-01-15T09:30:00.000Z",
                     *             "last_seen": "2026-01-15T09:30:00.000Z"
                     *           }
                     *         ]
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceEventsResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    diagnoseCache: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *         "verdict": "healthy",
                     *         "status": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "findings": [
                     *           {
                     *             "code": "disk_nearly_full",
                     *             "severity": "critical",
                     *             "summary": "91 % of its 10 GB of storage are in use.",
                     *             "remediation": "Grow its storage.",
                     *             "retryable": false
                     *           }
                     *         ],
                     *         "sections": {
                     *           "events": {
                     *             "available": true,
                     *             "count": 3,
                     *             "truncated": false
                     *           },
                     *           "logs": {
                     *             "available": true,
                     *             "sampled_lines": 120
                     *           },
                     *           "disk": {
                     *             "size_gb": 40,
                     *             "used_mb": 3120
                     *           }
                     *         }
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DiagnosisResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "summary": {
                     *         "memory_used_bytes": 52428800,
                     *         "memory_used_mb": 50,
                     *         "connected_clients": 4,
                     *         "max_clients": 100,
                     *         "total_commands_processed": 1200,
                     *         "keyspace_hits": 900,
                     *         "keyspace_misses": 100,
                     *         "hit_ratio_percentage": 90,
                     *         "uptime_seconds": 3600,
                     *         "retrieved_at": "2026-01-15T09:30:00.000Z",
                     *         "reason": "The database is stopped."
                     *       },
                     *       "health": {
                     *         "is_healthy": true,
                     *         "up_status": "up",
                     *         "redis_up": "up",
                     *         "checked_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CacheMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheMetricHistory: {
        parameters: {
            query: {
                /**
                 * @description What is asked for, see docs/metrics.md.
                 * @example cpu_usage
                 */
                metric: "cpu_usage" | "memory_usage" | "memory_used" | "network_receive_rate" | "network_transmit_rate" | "network_fault_share" | "disk_read_rate" | "disk_write_rate" | "processes" | "cpu_steal" | "disk_usage" | "disk_used" | "cache_connections" | "cache_connection_usage" | "cache_ops_per_second" | "cache_slow_queries_per_second" | "cache_memory_used" | "cache_hit_ratio";
                /**
                 * @description The first moment (ISO 8601); an hour before the last by default.
                 * @example 2026-01-15T09:30:00Z
                 */
                from?: string;
                /**
                 * @description The last moment (ISO 8601); now by default.
                 * @example 2026-01-15T10:30:00Z
                 */
                to?: string;
                /**
                 * @description Seconds between two points; by default what makes at most 240 points. An answer has at most 1000.
                 * @example 60
                 */
                step?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cacheInstance: string;
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
                     *       "metric": "cpu_usage",
                     *       "unit": "%",
                     *       "from": "2026-01-15T09:30:00.000Z",
                     *       "to": "2026-01-15T09:30:00.000Z",
                     *       "step": 60,
                     *       "points": [
                     *         {
                     *           "time": "2026-01-15T09:30:00.000Z",
                     *           "value": 12.5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["MetricHistory"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCacheMetrics: {
        parameters: {
            query: {
                /**
                 * @description What is asked for, see docs/metrics.md.
                 * @example cpu_usage
                 */
                metric: "cpu_usage" | "memory_usage" | "memory_used" | "network_receive_rate" | "network_transmit_rate" | "network_fault_share" | "disk_read_rate" | "disk_write_rate" | "processes" | "cpu_steal" | "disk_usage" | "disk_used" | "cache_connections" | "cache_connection_usage" | "cache_ops_per_second" | "cache_slow_queries_per_second" | "cache_memory_used" | "cache_hit_ratio";
            };
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
                     *       "metric": "cpu_usage",
                     *       "unit": "%",
                     *       "time": "2026-01-15T09:30:00.000Z",
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "value": 12.5
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CurrentMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVpsSnapshots: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only snapshots with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only snapshots with this status.
                 * @example destroying
                 */
                status?: "creating" | "ready" | "restoring" | "restore_failed" | "failed" | "destroying";
                /**
                 * @description Only snapshots of this server.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                vps_instance_id?: string;
                /**
                 * @description Only snapshots with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": 12,
                     *           "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *           "name": "before-upgrade",
                     *           "description": "Before the upgrade to 2.0.",
                     *           "status": "ready",
                     *           "size_gb": 1.4,
                     *           "size_bytes": 1503238553,
                     *           "vps_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "vps_instance": {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "name": "web-1"
                     *           },
                     *           "reason": "manual",
                     *           "automatic": false,
                     *           "resource_profile": "micro",
                     *           "storage_size_gb": 40,
                     *           "image": "debian-12",
                     *           "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *           "verification": {
                     *             "ok": true,
                     *             "seconds_to_restore": 4.2,
                     *             "items": 120000,
                     *             "message": "pg_amcheck found nothing wrong."
                     *           },
                     *           "error": {
                     *             "code": "failed",
                     *             "message": "The host refused.",
                     *             "retryable": false
                     *           },
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
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["VpsSnapshotList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createVpsSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `vps_instance_id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "vps_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                 *       "name": "before-upgrade",
                 *       "description": "Before the upgrade to 2.0."
                 *     }
                 */
                "application/json": components["schemas"]["CreateVpsSnapshot"];
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
                     *       "message": "The snapshot is being taken. Ask for its status until it is ready.",
                     *       "snapshot": {
                     *         "id": 12,
                     *         "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *         "name": "before-upgrade",
                     *         "description": "Before the upgrade to 2.0.",
                     *         "status": "ready",
                     *         "size_gb": 1.4,
                     *         "size_bytes": 1503238553,
                     *         "vps_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "vps_instance": {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "web-1"
                     *         },
                     *         "reason": "manual",
                     *         "automatic": false,
                     *         "resource_profile": "micro",
                     *         "storage_size_gb": 40,
                     *         "image": "debian-12",
                     *         "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *         "verification": {
                     *           "ok": true,
                     *           "seconds_to_restore": 4.2,
                     *           "items": 120000,
                     *           "message": "pg_amcheck found nothing wrong."
                     *         },
                     *         "error": {
                     *           "code": "failed",
                     *           "message": "The host refused.",
                     *           "retryable": false
                     *         },
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["VpsSnapshotCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getVpsSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                vpsSnapshot: number;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "snapshot": {
                     *         "id": 12,
                     *         "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *         "name": "before-upgrade",
                     *         "description": "Before the upgrade to 2.0.",
                     *         "status": "ready",
                     *         "size_gb": 1.4,
                     *         "size_bytes": 1503238553,
                     *         "vps_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "vps_instance": {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "web-1"
                     *         },
                     *         "reason": "manual",
                     *         "automatic": false,
                     *         "resource_profile": "micro",
                     *         "storage_size_gb": 40,
                     *         "image": "debian-12",
                     *         "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *         "verification": {
                     *           "ok": true,
                     *           "seconds_to_restore": 4.2,
                     *           "items": 120000,
                     *           "message": "pg_amcheck found nothing wrong."
                     *         },
                     *         "error": {
                     *           "code": "failed",
                     *           "message": "The host refused.",
                     *           "retryable": false
                     *         },
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["VpsSnapshotResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteVpsSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                vpsSnapshot: number;
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
                     *       "message": "The snapshot is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    restoreVpsSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                vpsSnapshot: number;
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
                     *       "message": "The server is going back to the snapshot.",
                     *       "status": "restoring",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    verifyVpsSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                vpsSnapshot: number;
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
                     *       "message": "The snapshot is being restored to a throwaway instance.",
                     *       "status": "ready",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatabaseSnapshots: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only snapshots with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only snapshots with this status.
                 * @example destroying
                 */
                status?: "creating" | "ready" | "restoring" | "restore_failed" | "failed" | "destroying";
                /**
                 * @description Only snapshots of this database.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                database_instance_id?: string;
                /**
                 * @description Only snapshots with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": 12,
                     *           "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *           "name": "before-upgrade",
                     *           "description": "Before the upgrade to 2.0.",
                     *           "status": "ready",
                     *           "size_gb": 1.4,
                     *           "size_bytes": 1503238553,
                     *           "database_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "database_instance": {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "name": "shop"
                     *           },
                     *           "reason": "manual",
                     *           "automatic": false,
                     *           "resource_profile": "micro",
                     *           "storage_size_gb": 10,
                     *           "provider": "postgresql",
                     *           "version": "17",
                     *           "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *           "verification": {
                     *             "ok": true,
                     *             "seconds_to_restore": 4.2,
                     *             "items": 120000,
                     *             "message": "pg_amcheck found nothing wrong."
                     *           },
                     *           "error": {
                     *             "code": "failed",
                     *             "message": "The host refused.",
                     *             "retryable": false
                     *           },
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
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseSnapshotList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createDatabaseSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `database_instance_id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "database_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                 *       "name": "before-upgrade",
                 *       "description": "Before the upgrade to 2.0."
                 *     }
                 */
                "application/json": components["schemas"]["CreateDatabaseSnapshot"];
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
                     *       "message": "The snapshot is being taken. Ask for its status until it is ready.",
                     *       "snapshot": {
                     *         "id": 12,
                     *         "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *         "name": "before-upgrade",
                     *         "description": "Before the upgrade to 2.0.",
                     *         "status": "ready",
                     *         "size_gb": 1.4,
                     *         "size_bytes": 1503238553,
                     *         "database_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "database_instance": {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "shop"
                     *         },
                     *         "reason": "manual",
                     *         "automatic": false,
                     *         "resource_profile": "micro",
                     *         "storage_size_gb": 10,
                     *         "provider": "postgresql",
                     *         "version": "17",
                     *         "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *         "verification": {
                     *           "ok": true,
                     *           "seconds_to_restore": 4.2,
                     *           "items": 120000,
                     *           "message": "pg_amcheck found nothing wrong."
                     *         },
                     *         "error": {
                     *           "code": "failed",
                     *           "message": "The host refused.",
                     *           "retryable": false
                     *         },
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseSnapshotCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDatabaseSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                databaseSnapshot: number;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "snapshot": {
                     *         "id": 12,
                     *         "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *         "name": "before-upgrade",
                     *         "description": "Before the upgrade to 2.0.",
                     *         "status": "ready",
                     *         "size_gb": 1.4,
                     *         "size_bytes": 1503238553,
                     *         "database_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "database_instance": {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "shop"
                     *         },
                     *         "reason": "manual",
                     *         "automatic": false,
                     *         "resource_profile": "micro",
                     *         "storage_size_gb": 10,
                     *         "provider": "postgresql",
                     *         "version": "17",
                     *         "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *         "verification": {
                     *           "ok": true,
                     *           "seconds_to_restore": 4.2,
                     *           "items": 120000,
                     *           "message": "pg_amcheck found nothing wrong."
                     *         },
                     *         "error": {
                     *           "code": "failed",
                     *           "message": "The host refused.",
                     *           "retryable": false
                     *         },
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseSnapshotResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteDatabaseSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                databaseSnapshot: number;
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
                     *       "message": "The snapshot is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    restoreDatabaseSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                databaseSnapshot: number;
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
                     *       "message": "The database is going back to the snapshot.",
                     *       "status": "restoring",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    verifyDatabaseSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                databaseSnapshot: number;
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
                     *       "message": "The snapshot is being restored to a throwaway instance.",
                     *       "status": "ready",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listCacheSnapshots: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only snapshots with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only snapshots with this status.
                 * @example destroying
                 */
                status?: "creating" | "ready" | "restoring" | "restore_failed" | "failed" | "destroying";
                /**
                 * @description Only snapshots of this cache.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                cache_instance_id?: string;
                /**
                 * @description Only snapshots with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": 12,
                     *           "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *           "name": "before-upgrade",
                     *           "description": "Before the upgrade to 2.0.",
                     *           "status": "ready",
                     *           "size_mb": 143.6,
                     *           "size_bytes": 1503238553,
                     *           "cache_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "cache_instance": {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "name": "shop"
                     *           },
                     *           "reason": "manual",
                     *           "automatic": false,
                     *           "resource_profile": "micro",
                     *           "storage_size_gb": 10,
                     *           "provider": "valkey",
                     *           "version": "9.1",
                     *           "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *           "verification": {
                     *             "ok": true,
                     *             "seconds_to_restore": 4.2,
                     *             "items": 120000,
                     *             "message": "pg_amcheck found nothing wrong."
                     *           },
                     *           "error": {
                     *             "code": "failed",
                     *             "message": "The host refused.",
                     *             "retryable": false
                     *           },
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
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CacheSnapshotList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createCacheSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `cache_instance_id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "cache_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                 *       "name": "before-upgrade",
                 *       "description": "Before the upgrade to 2.0."
                 *     }
                 */
                "application/json": components["schemas"]["CreateCacheSnapshot"];
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
                     *       "message": "The snapshot is being taken. Ask for its status until it is ready.",
                     *       "snapshot": {
                     *         "id": 12,
                     *         "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *         "name": "before-upgrade",
                     *         "description": "Before the upgrade to 2.0.",
                     *         "status": "ready",
                     *         "size_mb": 143.6,
                     *         "size_bytes": 1503238553,
                     *         "cache_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "cache_instance": {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "shop"
                     *         },
                     *         "reason": "manual",
                     *         "automatic": false,
                     *         "resource_profile": "micro",
                     *         "storage_size_gb": 10,
                     *         "provider": "valkey",
                     *         "version": "9.1",
                     *         "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *         "verification": {
                     *           "ok": true,
                     *           "seconds_to_restore": 4.2,
                     *           "items": 120000,
                     *           "message": "pg_amcheck found nothing wrong."
                     *         },
                     *         "error": {
                     *           "code": "failed",
                     *           "message": "The host refused.",
                     *           "retryable": false
                     *         },
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheSnapshotCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCacheSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                cacheSnapshot: number;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "snapshot": {
                     *         "id": 12,
                     *         "resource_id": "0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f",
                     *         "name": "before-upgrade",
                     *         "description": "Before the upgrade to 2.0.",
                     *         "status": "ready",
                     *         "size_mb": 143.6,
                     *         "size_bytes": 1503238553,
                     *         "cache_instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "cache_instance": {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "shop"
                     *         },
                     *         "reason": "manual",
                     *         "automatic": false,
                     *         "resource_profile": "micro",
                     *         "storage_size_gb": 10,
                     *         "provider": "valkey",
                     *         "version": "9.1",
                     *         "last_verified_at": "2026-01-15T09:30:00.000Z",
                     *         "verification": {
                     *           "ok": true,
                     *           "seconds_to_restore": 4.2,
                     *           "items": 120000,
                     *           "message": "pg_amcheck found nothing wrong."
                     *         },
                     *         "error": {
                     *           "code": "failed",
                     *           "message": "The host refused.",
                     *           "retryable": false
                     *         },
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CacheSnapshotResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteCacheSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                cacheSnapshot: number;
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
                     *       "message": "The snapshot is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    restoreCacheSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                cacheSnapshot: number;
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
                     *       "message": "The cache is going back to the snapshot.",
                     *       "status": "restoring",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    verifyCacheSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                cacheSnapshot: number;
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
                     *       "message": "The snapshot is being restored to a throwaway instance.",
                     *       "status": "ready",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["SnapshotActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    cloneDatabaseSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                databaseSnapshot: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "shop-copy",
                 *       "resource_profile": "small",
                 *       "source_type": "volume_snapshot"
                 *     }
                 */
                "application/json": components["schemas"]["CloneDatabaseSnapshot"];
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
                     *       "message": "The database is being created.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "storage_size_gb": 10,
                     *         "database_name": "shop",
                     *         "datacenter": "fsn1",
                     *         "engine": {
                     *           "id": 1,
                     *           "name": "PostgreSQL"
                     *         },
                     *         "endpoint": "10.64.0.10",
                     *         "port": 5432,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 5432,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:5432",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 5432,
                     *         "proxy_dns_hostname": "proxy.example.org",
                     *         "proxy_dns_port": 5432,
                     *         "proxy_any_dns_port": 5432,
                     *         "username": "danube",
                     *         "storage_autoscale_policy": {
                     *           "enabled": false,
                     *           "threshold_percent": 80,
                     *           "increment_gib": 10,
                     *           "max_storage_gib": 10000,
                     *           "last_scaled_at": "2026-01-15T09:30:00.000Z",
                     *           "last_checked_at": "2026-01-15T09:30:00.000Z"
                     *         },
                     *         "configuration": {
                     *           "max_connections": "200"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "max_connections"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    cloneCacheSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the snapshot.
                 * @example 12
                 */
                cacheSnapshot: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "shop-copy",
                 *       "resource_profile": "small",
                 *       "source_type": "volume_snapshot"
                 *     }
                 */
                "application/json": components["schemas"]["CloneCacheSnapshot"];
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
                     *       "message": "The cache is being created.",
                     *       "instance": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "shop",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "resource_profile": "micro",
                     *         "cpu_cores": 1,
                     *         "memory_size_mb": 1024,
                     *         "version": "17",
                     *         "provider_id": 1,
                     *         "provider": {
                     *           "id": 1,
                     *           "name": "PostgreSQL",
                     *           "type": "postgresql"
                     *         },
                     *         "datacenter": "fsn1",
                     *         "endpoint": "10.64.0.10",
                     *         "port": 6380,
                     *         "dns_hostname": "203.0.113.7",
                     *         "dns_port": 20000,
                     *         "internal_host": "ip-10-64-0-10.danube.internal",
                     *         "internal_port": 6380,
                     *         "internal_endpoint": "ip-10-64-0-10.danube.internal:6380",
                     *         "public_endpoint": "203.0.113.7:20000",
                     *         "connection_host": "10.64.0.10",
                     *         "connection_port": 6380,
                     *         "plain_port": 6379,
                     *         "configuration": {
                     *           "maxmemory-policy": "allkeys-lru"
                     *         },
                     *         "parameter_group": {
                     *           "id": 7
                     *         },
                     *         "pending_restart": [
                     *           "maxmemory-policy"
                     *         ],
                     *         "automated_snapshots_enabled": true,
                     *         "monthly_cost_cents": 999,
                     *         "monthly_cost_dollars": 9.99,
                     *         "deployed_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "can_be_started": true,
                     *         "can_be_stopped": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["CacheCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listParameterGroups: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only parameter groups with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only groups for databases, or for caches.
                 * @example cache
                 */
                type?: "cache" | "database";
                /**
                 * @description Only groups for this engine.
                 * @example postgresql
                 */
                provider_type?: string;
                /**
                 * @description Only parameter groups with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": 7,
                     *           "name": "analytics",
                     *           "type": "database",
                     *           "provider_type": "postgresql",
                     *           "family": "17",
                     *           "description": "For long reports.",
                     *           "parameters": {
                     *             "max_connections": "200"
                     *           },
                     *           "locked_parameters": [
                     *             "work_mem"
                     *           ],
                     *           "restart_parameters": [
                     *             "max_connections"
                     *           ],
                     *           "team_id": 1,
                     *           "is_default": false,
                     *           "is_active": true,
                     *           "is_system": false,
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterGroupList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createParameterGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "analytics",
                 *       "type": "database",
                 *       "provider_type": "postgresql",
                 *       "family": "17",
                 *       "parameters": {
                 *         "work_mem": "64MB"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateParameterGroup"];
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
                     *       "message": "The parameter group was created.",
                     *       "parameter_group": {
                     *         "id": 7,
                     *         "name": "analytics",
                     *         "type": "database",
                     *         "provider_type": "postgresql",
                     *         "family": "17",
                     *         "description": "For long reports.",
                     *         "parameters": {
                     *           "max_connections": "200"
                     *         },
                     *         "locked_parameters": [
                     *           "work_mem"
                     *         ],
                     *         "restart_parameters": [
                     *           "max_connections"
                     *         ],
                     *         "team_id": 1,
                     *         "is_default": false,
                     *         "is_active": true,
                     *         "is_system": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterGroupWritten"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getParameterGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the parameter group.
                 * @example 12
                 */
                parameterGroup: number;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "parameter_group": {
                     *         "id": 7,
                     *         "name": "analytics",
                     *         "type": "database",
                     *         "provider_type": "postgresql",
                     *         "family": "17",
                     *         "description": "For long reports.",
                     *         "parameters": {
                     *           "max_connections": "200"
                     *         },
                     *         "locked_parameters": [
                     *           "work_mem"
                     *         ],
                     *         "restart_parameters": [
                     *           "max_connections"
                     *         ],
                     *         "team_id": 1,
                     *         "is_default": false,
                     *         "is_active": true,
                     *         "is_system": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterGroupResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateParameterGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the parameter group.
                 * @example 12
                 */
                parameterGroup: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "parameters": {
                 *         "work_mem": "32MB"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UpdateParameterGroup"];
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
                     *       "message": "The parameter group was created.",
                     *       "parameter_group": {
                     *         "id": 7,
                     *         "name": "analytics",
                     *         "type": "database",
                     *         "provider_type": "postgresql",
                     *         "family": "17",
                     *         "description": "For long reports.",
                     *         "parameters": {
                     *           "max_connections": "200"
                     *         },
                     *         "locked_parameters": [
                     *           "work_mem"
                     *         ],
                     *         "restart_parameters": [
                     *           "max_connections"
                     *         ],
                     *         "team_id": 1,
                     *         "is_default": false,
                     *         "is_active": true,
                     *         "is_system": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterGroupWritten"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteParameterGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the parameter group.
                 * @example 12
                 */
                parameterGroup: number;
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
                     *       "message": "The parameter group was deleted."
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterGroupDeleted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    cloneParameterGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the parameter group.
                 * @example 12
                 */
                parameterGroup: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "analytics-2"
                 *     }
                 */
                "application/json": components["schemas"]["CloneParameterGroup"];
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
                     *       "message": "The parameter group was created.",
                     *       "parameter_group": {
                     *         "id": 7,
                     *         "name": "analytics",
                     *         "type": "database",
                     *         "provider_type": "postgresql",
                     *         "family": "17",
                     *         "description": "For long reports.",
                     *         "parameters": {
                     *           "max_connections": "200"
                     *         },
                     *         "locked_parameters": [
                     *           "work_mem"
                     *         ],
                     *         "restart_parameters": [
                     *           "max_connections"
                     *         ],
                     *         "team_id": 1,
                     *         "is_default": false,
                     *         "is_active": true,
                     *         "is_system": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterGroupWritten"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listFirewalls: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only firewalls with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only firewalls with this status.
                 * @example error
                 */
                status?: "draft" | "active" | "applying" | "error";
                /**
                 * @description Only firewalls with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "web",
                     *           "description": "Web servers.",
                     *           "status": "active",
                     *           "error": {
                     *             "code": "unreachable",
                     *             "message": "The host does not answer.",
                     *             "retryable": true
                     *           },
                     *           "is_default": false,
                     *           "default_action": "deny",
                     *           "rules": [
                     *             {
                     *               "id": "0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90",
                     *               "name": "https",
                     *               "description": "Customers.",
                     *               "direction": "inbound",
                     *               "protocol": "tcp",
                     *               "port": 443,
                     *               "port_range_start": 443,
                     *               "port_range_end": 443,
                     *               "source_ips": [
                     *                 "203.0.113.0/24"
                     *               ],
                     *               "source_instance_ids": [
                     *                 {
                     *                   "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *                   "type": "vps"
                     *                 }
                     *               ],
                     *               "action": "allow",
                     *               "order": 1
                     *             }
                     *           ],
                     *           "attached_instances": [
                     *             {
                     *               "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *               "type": "vps",
                     *               "name": "web-1"
                     *             }
                     *           ],
                     *           "confirm_by": "2026-01-15T09:30:00.000Z",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "web",
                 *       "description": "Web servers.",
                 *       "rules": [
                 *         {
                 *           "name": "https",
                 *           "direction": "inbound",
                 *           "protocol": "tcp",
                 *           "port": 443
                 *         },
                 *         {
                 *           "name": "admin",
                 *           "direction": "inbound",
                 *           "protocol": "tcp",
                 *           "port": 22,
                 *           "source_ips": [
                 *             "203.0.113.0/24",
                 *             "2001:db8::/32"
                 *           ]
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CreateFirewall"];
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
                     *       "message": "The firewall is being applied.",
                     *       "firewall": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "web",
                     *         "description": "Web servers.",
                     *         "status": "active",
                     *         "error": {
                     *           "code": "unreachable",
                     *           "message": "The host does not answer.",
                     *           "retryable": true
                     *         },
                     *         "is_default": false,
                     *         "default_action": "deny",
                     *         "rules": [
                     *           {
                     *             "id": "0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90",
                     *             "name": "https",
                     *             "description": "Customers.",
                     *             "direction": "inbound",
                     *             "protocol": "tcp",
                     *             "port": 443,
                     *             "port_range_start": 443,
                     *             "port_range_end": 443,
                     *             "source_ips": [
                     *               "203.0.113.0/24"
                     *             ],
                     *             "source_instance_ids": [
                     *               {
                     *                 "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *                 "type": "vps"
                     *               }
                     *             ],
                     *             "action": "allow",
                     *             "order": 1
                     *           }
                     *         ],
                     *         "attached_instances": [
                     *           {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "type": "vps",
                     *             "name": "web-1"
                     *           }
                     *         ],
                     *         "confirm_by": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallWritten"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "firewall": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "web",
                     *         "description": "Web servers.",
                     *         "status": "active",
                     *         "error": {
                     *           "code": "unreachable",
                     *           "message": "The host does not answer.",
                     *           "retryable": true
                     *         },
                     *         "is_default": false,
                     *         "default_action": "deny",
                     *         "rules": [
                     *           {
                     *             "id": "0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90",
                     *             "name": "https",
                     *             "description": "Customers.",
                     *             "direction": "inbound",
                     *             "protocol": "tcp",
                     *             "port": 443,
                     *             "port_range_start": 443,
                     *             "port_range_end": 443,
                     *             "source_ips": [
                     *               "203.0.113.0/24"
                     *             ],
                     *             "source_instance_ids": [
                     *               {
                     *                 "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *                 "type": "vps"
                     *               }
                     *             ],
                     *             "action": "allow",
                     *             "order": 1
                     *           }
                     *         ],
                     *         "attached_instances": [
                     *           {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "type": "vps",
                     *             "name": "web-1"
                     *           }
                     *         ],
                     *         "confirm_by": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "rules": [
                 *         {
                 *           "name": "https",
                 *           "direction": "inbound",
                 *           "protocol": "tcp",
                 *           "port": 443
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["UpdateFirewall"];
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
                     *       "message": "The firewall is being applied.",
                     *       "firewall": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "web",
                     *         "description": "Web servers.",
                     *         "status": "active",
                     *         "error": {
                     *           "code": "unreachable",
                     *           "message": "The host does not answer.",
                     *           "retryable": true
                     *         },
                     *         "is_default": false,
                     *         "default_action": "deny",
                     *         "rules": [
                     *           {
                     *             "id": "0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90",
                     *             "name": "https",
                     *             "description": "Customers.",
                     *             "direction": "inbound",
                     *             "protocol": "tcp",
                     *             "port": 443,
                     *             "port_range_start": 443,
                     *             "port_range_end": 443,
                     *             "source_ips": [
                     *               "203.0.113.0/24"
                     *             ],
                     *             "source_instance_ids": [
                     *               {
                     *                 "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *                 "type": "vps"
                     *               }
                     *             ],
                     *             "action": "allow",
                     *             "order": 1
                     *           }
                     *         ],
                     *         "attached_instances": [
                     *           {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "type": "vps",
                     *             "name": "web-1"
                     *           }
                     *         ],
                     *         "confirm_by": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallWritten"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
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
                     *       "message": "The firewall was deleted."
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallDeleted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    testFirewall: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "source": "203.0.113.7",
                 *       "destination": "10.64.0.10",
                 *       "protocol": "tcp",
                 *       "port": 443
                 *     }
                 */
                "application/json": components["schemas"]["TestFirewall"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "verdict": "allow",
                     *       "direction": "inbound",
                     *       "rule": {
                     *         "id": "0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90",
                     *         "name": "https",
                     *         "description": "Customers.",
                     *         "direction": "inbound",
                     *         "protocol": "tcp",
                     *         "port": 443,
                     *         "port_range_start": 443,
                     *         "port_range_end": 443,
                     *         "source_ips": [
                     *           "203.0.113.0/24"
                     *         ],
                     *         "source_instance_ids": [
                     *           {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "type": "vps"
                     *           }
                     *         ],
                     *         "action": "allow",
                     *         "order": 1
                     *       },
                     *       "message": "The rule “https” lets it in.",
                     *       "instances": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "type": "vps",
                     *           "name": "web-1",
                     *           "verdict": "allow",
                     *           "direction": "inbound",
                     *           "rule": {
                     *             "id": "0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90",
                     *             "name": "https",
                     *             "description": "Customers.",
                     *             "direction": "inbound",
                     *             "protocol": "tcp",
                     *             "port": 443,
                     *             "port_range_start": 443,
                     *             "port_range_end": 443,
                     *             "source_ips": [
                     *               "203.0.113.0/24"
                     *             ],
                     *             "source_instance_ids": [
                     *               {
                     *                 "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *                 "type": "vps"
                     *               }
                     *             ],
                     *             "action": "allow",
                     *             "order": 1
                     *           },
                     *           "message": "The rule “https” lets it in.",
                     *           "firewall": {
                     *             "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "name": "web"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallTestResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    attachFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
            };
            cookie?: never;
        };
        /** @description In the example, replace what is in `instance_id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instance_type": "vps",
                 *       "instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                 *     }
                 */
                "application/json": components["schemas"]["FirewallAttachment"];
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
                     *       "message": "The firewall is being applied.",
                     *       "status": "active",
                     *       "confirm_by": "2026-01-15T09:30:00.000Z",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    detachFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
            };
            cookie?: never;
        };
        /** @description In the example, replace what is in `instance_id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instance_type": "vps",
                 *       "instance_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                 *     }
                 */
                "application/json": components["schemas"]["FirewallAttachment"];
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
                     *       "message": "The firewall is being applied.",
                     *       "status": "active",
                     *       "confirm_by": "2026-01-15T09:30:00.000Z",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deployFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "confirm_within": 120
                 *     }
                 */
                "application/json": components["schemas"]["DeployFirewall"];
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
                     *       "message": "The firewall is being applied.",
                     *       "status": "active",
                     *       "confirm_by": "2026-01-15T09:30:00.000Z",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmFirewall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the firewall.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                firewall: string;
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
                     *       "message": "The firewall is being applied.",
                     *       "status": "active",
                     *       "confirm_by": "2026-01-15T09:30:00.000Z",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["FirewallActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listBuckets: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only buckets with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only buckets with this status.
                 * @example destroying
                 */
                status?: "pending" | "creating" | "active" | "updating" | "error" | "destroying";
                /**
                 * @description Only buckets with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "photos",
                     *           "display_name": "Photos of the shop",
                     *           "status": "active",
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
                     *             "error": null
                     *           },
                     *           "capabilities": {
                     *             "logs": true,
                     *             "events": true,
                     *             "diagnose": true,
                     *             "build_logs": false
                     *           },
                     *           "region": "fsn1",
                     *           "provider": "ceph",
                     *           "provider_label": "Ceph RGW",
                     *           "endpoint_url": "https://203.0.113.7:9000",
                     *           "endpoint": "https://203.0.113.7:9000",
                     *           "public_url": "https://203.0.113.7:9000/t1-photos",
                     *           "public_access": true,
                     *           "versioning_enabled": true,
                     *           "object_lock_enabled": true,
                     *           "object_lock_default_retention_mode": "GOVERNANCE",
                     *           "object_lock_default_retention_days": 30,
                     *           "object_lock_default_retention_human": "30 days",
                     *           "has_object_lock": true,
                     *           "has_default_retention": true,
                     *           "is_compliance_mode": true,
                     *           "encryption_enabled": true,
                     *           "encryption_type": "sse-s3",
                     *           "encryption_kms_key_id": "invoices",
                     *           "size_bytes": 1503238553,
                     *           "size_human": "1.4 GB",
                     *           "size_limit_bytes": 10737418240,
                     *           "size_limit_human": "10 GB",
                     *           "quota_usage_percent": 14,
                     *           "is_near_quota_limit": true,
                     *           "has_exceeded_quota": true,
                     *           "object_count": 1280,
                     *           "lifecycle_rules": [
                     *             {
                     *               "ID": "expire-logs",
                     *               "Status": "Enabled",
                     *               "Filter": {
                     *                 "Prefix": "logs/"
                     *               },
                     *               "Expiration": {
                     *                 "Days": 30,
                     *                 "Date": "2099-12-31",
                     *                 "ExpiredObjectDeleteMarker": false
                     *               },
                     *               "NoncurrentVersionExpiration": {
                     *                 "NoncurrentDays": 30
                     *               },
                     *               "AbortIncompleteMultipartUpload": {
                     *                 "DaysAfterInitiation": 7
                     *               }
                     *             }
                     *           ],
                     *           "cors_configuration": [
                     *             {
                     *               "ID": "expire-logs",
                     *               "AllowedOrigins": [
                     *                 "https://example.org"
                     *               ],
                     *               "AllowedMethods": [
                     *                 "GET"
                     *               ],
                     *               "AllowedHeaders": [
                     *                 "Authorization"
                     *               ],
                     *               "ExposeHeaders": [
                     *                 "Authorization"
                     *               ],
                     *               "MaxAgeSeconds": 3600
                     *             }
                     *           ],
                     *           "custom_policy_statements": [
                     *             {
                     *               "Sid": "Partners",
                     *               "Effect": "Allow"
                     *             }
                     *           ],
                     *           "bucket_arn": "arn:aws:s3:::t1-photos",
                     *           "tags": [
                     *             "project=web"
                     *           ],
                     *           "monthly_cost_cents": 2,
                     *           "monthly_cost_dollars": 0.02,
                     *           "requests_24h_total": 9843,
                     *           "requests_24h_by_method": {
                     *             "GET": 9120,
                     *             "PUT": 310,
                     *             "DELETE": 12,
                     *             "HEAD": 401
                     *           },
                     *           "egress_bytes_24h": 734003200,
                     *           "metrics_precomputed_at": "2026-01-15T09:30:00.000Z",
                     *           "last_metrics_sync_at": "2026-01-15T09:30:00.000Z",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "user_id": 1,
                     *           "minio_bucket_name": "t1-photos",
                     *           "can_be_modified": true,
                     *           "can_be_destroyed": true
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["BucketList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createBucket: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "photos",
                 *       "region": "fsn1",
                 *       "versioning_enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["CreateBucket"];
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
                     *       "message": "The bucket is being created.",
                     *       "bucket": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "photos",
                     *         "display_name": "Photos of the shop",
                     *         "status": "active",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "region": "fsn1",
                     *         "provider": "ceph",
                     *         "provider_label": "Ceph RGW",
                     *         "endpoint_url": "https://203.0.113.7:9000",
                     *         "endpoint": "https://203.0.113.7:9000",
                     *         "public_url": "https://203.0.113.7:9000/t1-photos",
                     *         "public_access": true,
                     *         "versioning_enabled": true,
                     *         "object_lock_enabled": true,
                     *         "object_lock_default_retention_mode": "GOVERNANCE",
                     *         "object_lock_default_retention_days": 30,
                     *         "object_lock_default_retention_human": "30 days",
                     *         "has_object_lock": true,
                     *         "has_default_retention": true,
                     *         "is_compliance_mode": true,
                     *         "encryption_enabled": true,
                     *         "encryption_type": "sse-s3",
                     *         "encryption_kms_key_id": "invoices",
                     *         "size_bytes": 1503238553,
                     *         "size_human": "1.4 GB",
                     *         "size_limit_bytes": 10737418240,
                     *         "size_limit_human": "10 GB",
                     *         "quota_usage_percent": 14,
                     *         "is_near_quota_limit": true,
                     *         "has_exceeded_quota": true,
                     *         "object_count": 1280,
                     *         "lifecycle_rules": [
                     *           {
                     *             "ID": "expire-logs",
                     *             "Status": "Enabled",
                     *             "Filter": {
                     *               "Prefix": "logs/"
                     *             },
                     *             "Expiration": {
                     *               "Days": 30,
                     *               "Date": "2099-12-31",
                     *               "ExpiredObjectDeleteMarker": false
                     *             },
                     *             "NoncurrentVersionExpiration": {
                     *               "NoncurrentDays": 30
                     *             },
                     *             "AbortIncompleteMultipartUpload": {
                     *               "DaysAfterInitiation": 7
                     *             }
                     *           }
                     *         ],
                     *         "cors_configuration": [
                     *           {
                     *             "ID": "expire-logs",
                     *             "AllowedOrigins": [
                     *               "https://example.org"
                     *             ],
                     *             "AllowedMethods": [
                     *               "GET"
                     *             ],
                     *             "AllowedHeaders": [
                     *               "Authorization"
                     *             ],
                     *             "ExposeHeaders": [
                     *               "Authorization"
                     *             ],
                     *             "MaxAgeSeconds": 3600
                     *           }
                     *         ],
                     *         "custom_policy_statements": [
                     *           {
                     *             "Sid": "Partners",
                     *             "Effect": "Allow"
                     *           }
                     *         ],
                     *         "bucket_arn": "arn:aws:s3:::t1-photos",
                     *         "tags": [
                     *           "project=web"
                     *         ],
                     *         "monthly_cost_cents": 2,
                     *         "monthly_cost_dollars": 0.02,
                     *         "requests_24h_total": 9843,
                     *         "requests_24h_by_method": {
                     *           "GET": 9120,
                     *           "PUT": 310,
                     *           "DELETE": 12,
                     *           "HEAD": 401
                     *         },
                     *         "egress_bytes_24h": 734003200,
                     *         "metrics_precomputed_at": "2026-01-15T09:30:00.000Z",
                     *         "last_metrics_sync_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "minio_bucket_name": "t1-photos",
                     *         "can_be_modified": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["BucketCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBucket: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "bucket": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "photos",
                     *         "display_name": "Photos of the shop",
                     *         "status": "active",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "region": "fsn1",
                     *         "provider": "ceph",
                     *         "provider_label": "Ceph RGW",
                     *         "endpoint_url": "https://203.0.113.7:9000",
                     *         "endpoint": "https://203.0.113.7:9000",
                     *         "public_url": "https://203.0.113.7:9000/t1-photos",
                     *         "public_access": true,
                     *         "versioning_enabled": true,
                     *         "object_lock_enabled": true,
                     *         "object_lock_default_retention_mode": "GOVERNANCE",
                     *         "object_lock_default_retention_days": 30,
                     *         "object_lock_default_retention_human": "30 days",
                     *         "has_object_lock": true,
                     *         "has_default_retention": true,
                     *         "is_compliance_mode": true,
                     *         "encryption_enabled": true,
                     *         "encryption_type": "sse-s3",
                     *         "encryption_kms_key_id": "invoices",
                     *         "size_bytes": 1503238553,
                     *         "size_human": "1.4 GB",
                     *         "size_limit_bytes": 10737418240,
                     *         "size_limit_human": "10 GB",
                     *         "quota_usage_percent": 14,
                     *         "is_near_quota_limit": true,
                     *         "has_exceeded_quota": true,
                     *         "object_count": 1280,
                     *         "lifecycle_rules": [
                     *           {
                     *             "ID": "expire-logs",
                     *             "Status": "Enabled",
                     *             "Filter": {
                     *               "Prefix": "logs/"
                     *             },
                     *             "Expiration": {
                     *               "Days": 30,
                     *               "Date": "2099-12-31",
                     *               "ExpiredObjectDeleteMarker": false
                     *             },
                     *             "NoncurrentVersionExpiration": {
                     *               "NoncurrentDays": 30
                     *             },
                     *             "AbortIncompleteMultipartUpload": {
                     *               "DaysAfterInitiation": 7
                     *             }
                     *           }
                     *         ],
                     *         "cors_configuration": [
                     *           {
                     *             "ID": "expire-logs",
                     *             "AllowedOrigins": [
                     *               "https://example.org"
                     *             ],
                     *             "AllowedMethods": [
                     *               "GET"
                     *             ],
                     *             "AllowedHeaders": [
                     *               "Authorization"
                     *             ],
                     *             "ExposeHeaders": [
                     *               "Authorization"
                     *             ],
                     *             "MaxAgeSeconds": 3600
                     *           }
                     *         ],
                     *         "custom_policy_statements": [
                     *           {
                     *             "Sid": "Partners",
                     *             "Effect": "Allow"
                     *           }
                     *         ],
                     *         "bucket_arn": "arn:aws:s3:::t1-photos",
                     *         "tags": [
                     *           "project=web"
                     *         ],
                     *         "monthly_cost_cents": 2,
                     *         "monthly_cost_dollars": 0.02,
                     *         "requests_24h_total": 9843,
                     *         "requests_24h_by_method": {
                     *           "GET": 9120,
                     *           "PUT": 310,
                     *           "DELETE": 12,
                     *           "HEAD": 401
                     *         },
                     *         "egress_bytes_24h": 734003200,
                     *         "metrics_precomputed_at": "2026-01-15T09:30:00.000Z",
                     *         "last_metrics_sync_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "minio_bucket_name": "t1-photos",
                     *         "can_be_modified": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "endpoint": "https://203.0.113.7:9000"
                     *     }
                     */
                    "application/json": components["schemas"]["BucketResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateBucket: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "versioning_enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["UpdateBucket"];
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
                     *       "message": "The bucket is being created.",
                     *       "bucket": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "photos",
                     *         "display_name": "Photos of the shop",
                     *         "status": "active",
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
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "region": "fsn1",
                     *         "provider": "ceph",
                     *         "provider_label": "Ceph RGW",
                     *         "endpoint_url": "https://203.0.113.7:9000",
                     *         "endpoint": "https://203.0.113.7:9000",
                     *         "public_url": "https://203.0.113.7:9000/t1-photos",
                     *         "public_access": true,
                     *         "versioning_enabled": true,
                     *         "object_lock_enabled": true,
                     *         "object_lock_default_retention_mode": "GOVERNANCE",
                     *         "object_lock_default_retention_days": 30,
                     *         "object_lock_default_retention_human": "30 days",
                     *         "has_object_lock": true,
                     *         "has_default_retention": true,
                     *         "is_compliance_mode": true,
                     *         "encryption_enabled": true,
                     *         "encryption_type": "sse-s3",
                     *         "encryption_kms_key_id": "invoices",
                     *         "size_bytes": 1503238553,
                     *         "size_human": "1.4 GB",
                     *         "size_limit_bytes": 10737418240,
                     *         "size_limit_human": "10 GB",
                     *         "quota_usage_percent": 14,
                     *         "is_near_quota_limit": true,
                     *         "has_exceeded_quota": true,
                     *         "object_count": 1280,
                     *         "lifecycle_rules": [
                     *           {
                     *             "ID": "expire-logs",
                     *             "Status": "Enabled",
                     *             "Filter": {
                     *               "Prefix": "logs/"
                     *             },
                     *             "Expiration": {
                     *               "Days": 30,
                     *               "Date": "2099-12-31",
                     *               "ExpiredObjectDeleteMarker": false
                     *             },
                     *             "NoncurrentVersionExpiration": {
                     *               "NoncurrentDays": 30
                     *             },
                     *             "AbortIncompleteMultipartUpload": {
                     *               "DaysAfterInitiation": 7
                     *             }
                     *           }
                     *         ],
                     *         "cors_configuration": [
                     *           {
                     *             "ID": "expire-logs",
                     *             "AllowedOrigins": [
                     *               "https://example.org"
                     *             ],
                     *             "AllowedMethods": [
                     *               "GET"
                     *             ],
                     *             "AllowedHeaders": [
                     *               "Authorization"
                     *             ],
                     *             "ExposeHeaders": [
                     *               "Authorization"
                     *             ],
                     *             "MaxAgeSeconds": 3600
                     *           }
                     *         ],
                     *         "custom_policy_statements": [
                     *           {
                     *             "Sid": "Partners",
                     *             "Effect": "Allow"
                     *           }
                     *         ],
                     *         "bucket_arn": "arn:aws:s3:::t1-photos",
                     *         "tags": [
                     *           "project=web"
                     *         ],
                     *         "monthly_cost_cents": 2,
                     *         "monthly_cost_dollars": 0.02,
                     *         "requests_24h_total": 9843,
                     *         "requests_24h_by_method": {
                     *           "GET": 9120,
                     *           "PUT": 310,
                     *           "DELETE": 12,
                     *           "HEAD": 401
                     *         },
                     *         "egress_bytes_24h": 734003200,
                     *         "metrics_precomputed_at": "2026-01-15T09:30:00.000Z",
                     *         "last_metrics_sync_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1,
                     *         "minio_bucket_name": "t1-photos",
                     *         "can_be_modified": true,
                     *         "can_be_destroyed": true
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["BucketUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteBucket: {
        parameters: {
            query?: {
                /**
                 * @description Whether its objects are deleted with it, however many they are.
                 * @example false
                 */
                force?: "false" | "true" | "0" | "1";
            };
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                     *       "message": "The bucket is being deleted.",
                     *       "status": "destroying",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["BucketActionResponse"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBucketMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                     *       "size_bytes": 1503238553,
                     *       "size_human": "1.4 GB",
                     *       "object_count": 1280,
                     *       "requests_24h": 9843,
                     *       "requests_24h_by_method": {
                     *         "GET": 9120,
                     *         "PUT": 310,
                     *         "DELETE": 12,
                     *         "HEAD": 401
                     *       },
                     *       "requests_24h_by_status": {
                     *         "2xx": 9800,
                     *         "4xx": 42,
                     *         "5xx": 1
                     *       },
                     *       "error_rate_24h": 0.004,
                     *       "latency_24h_ms": {
                     *         "p50": 4.2,
                     *         "p95": 4.2,
                     *         "mean": 4.2
                     *       },
                     *       "egress_bytes_24h": 734003200,
                     *       "egress_human_24h": "700 MB",
                     *       "ingress_bytes_24h": 52428800,
                     *       "ingress_human_24h": "50 MB",
                     *       "monthly_cost_cents": 2,
                     *       "monthly_cost_dollars": "0.02",
                     *       "source": "deltas",
                     *       "freshness": "fresh",
                     *       "last_sync_at": "2026-01-15T09:30:00.000Z",
                     *       "metrics_precomputed_at": "2026-01-15T09:30:00.000Z",
                     *       "unknown": {}
                     *     }
                     */
                    "application/json": components["schemas"]["BucketMetrics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBucketTrend: {
        parameters: {
            query?: {
                /**
                 * @description How far back. 24 hours by default.
                 * @example 24h
                 */
                window?: "24h" | "7d" | "30d";
                /**
                 * @description Length of the intervals. Minutes are kept for 24 hours; the answer names the one it has.
                 * @example 1m
                 */
                resolution?: "1m" | "5m" | "15m" | "1h" | "1d";
            };
            header?: never;
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                     *       "bucket_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *       "window": "24h",
                     *       "resolution": "1h",
                     *       "source": "deltas",
                     *       "freshness": "fresh",
                     *       "generated_at": "2026-01-15T09:30:00.000Z",
                     *       "data": [
                     *         {
                     *           "recorded_at": "2026-01-15T09:30:00.000Z",
                     *           "size_bytes": 1503238553,
                     *           "object_count": 1280,
                     *           "requests": {
                     *             "total": 431,
                     *             "get": 400,
                     *             "put": 20,
                     *             "delete": 1,
                     *             "head": 10
                     *           },
                     *           "status": {
                     *             "2xx": 9800,
                     *             "4xx": 42,
                     *             "5xx": 1
                     *           },
                     *           "egress_bytes": 31457280,
                     *           "ingress_bytes": 2097152,
                     *           "error_rate": 0.004,
                     *           "latency_ms": {
                     *             "mean": 4.2,
                     *             "p95": 4.2,
                     *             "p95_upper_bound": 4.2
                     *           },
                     *           "interval_seconds": 3600,
                     *           "requests_24h_total": 9843
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["BucketTrend"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listBucketTopObjects: {
        parameters: {
            query?: {
                /**
                 * @description `size`: the largest now, by default. `egress`, `requests`: of today and yesterday, in UTC.
                 * @example size
                 */
                dimension?: "size" | "egress" | "requests";
            };
            header?: never;
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                     *       "bucket_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *       "dimension": "size",
                     *       "recorded_at": "2026-01-15T09:30:00.000Z",
                     *       "items": [
                     *         {
                     *           "rank": 1,
                     *           "object_key": "photos/2026/sea.jpg",
                     *           "value": 5242880
                     *         }
                     *       ],
                     *       "reason": "This object store does not log its requests."
                     *     }
                     */
                    "application/json": components["schemas"]["BucketTopObjects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBucketHealth: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                     *       "bucket_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *       "pending_multipart_count": 1,
                     *       "pending_multipart_bytes": 52428800,
                     *       "deleted_size_bytes": 0,
                     *       "freshness": "fresh",
                     *       "metrics_precomputed_at": "2026-01-15T09:30:00.000Z",
                     *       "last_health_check_at": "2026-01-15T09:30:00.000Z",
                     *       "health_check_status": "ok",
                     *       "unknown": {}
                     *     }
                     */
                    "application/json": components["schemas"]["BucketHealth"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    diagnoseBucket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the bucket.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                bucket: string;
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
                     *         "verdict": "healthy",
                     *         "status": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "findings": [
                     *           {
                     *             "code": "disk_nearly_full",
                     *             "severity": "critical",
                     *             "summary": "91 % of its 10 GB of storage are in use.",
                     *             "remediation": "Grow its storage.",
                     *             "retryable": false
                     *           }
                     *         ],
                     *         "sections": {
                     *           "events": {
                     *             "available": true,
                     *             "count": 3,
                     *             "truncated": false
                     *           },
                     *           "logs": {
                     *             "available": false,
                     *             "sampled_lines": 0
                     *           },
                     *           "size": {
                     *             "size_bytes": 1503238553,
                     *             "size_limit_bytes": 10737418240,
                     *             "team_size_bytes": 4503238553,
                     *             "team_limit_bytes": 107374182400
                     *           }
                     *         }
                     *       },
                     *       "error": {
                     *         "code": "unavailable",
                     *         "message": "The instance does not answer.",
                     *         "retryable": true
                     *       },
                     *       "meta": {
                     *         "request_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *         "cursor": "2026-01-15T09:30:00.12345-0000",
                     *         "truncated": false,
                     *         "reason": "The database is stopped."
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["BucketDiagnosisResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAccessKeys: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only access keys with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only access keys with this status.
                 * @example error
                 */
                status?: "creating" | "active" | "revoking" | "revoked" | "error";
                /**
                 * @description Only access keys with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "backups",
                     *           "access_key_id": "DANUBE4XK2P7Q9RS3TVW",
                     *           "access_key_id_masked": "DANU************3TVW",
                     *           "status": "active",
                     *           "status_label": "Active",
                     *           "access_type": "full",
                     *           "is_prefix_scoped": false,
                     *           "scope": "team",
                     *           "bucket_permissions": [
                     *             {
                     *               "bucket_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *               "bucket_name": "photos",
                     *               "level": "read",
                     *               "prefix": "daily/"
                     *             }
                     *           ],
                     *           "expires_at": "2026-01-15T09:30:00.000Z",
                     *           "last_used_at": "2026-01-15T09:30:00.000Z",
                     *           "revoked_at": "2026-01-15T09:30:00.000Z",
                     *           "is_expired": false,
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
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AccessKeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createAccessKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "backups",
                 *       "scope": "team"
                 *     }
                 */
                "application/json": components["schemas"]["CreateAccessKey"];
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
                     *       "message": "The access key is being created. Its secret is shown only now.",
                     *       "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *       "name": "backups",
                     *       "access_key_id": "DANUBE4XK2P7Q9RS3TVW",
                     *       "access_key_id_masked": "DANU************3TVW",
                     *       "status": "active",
                     *       "status_label": "Active",
                     *       "access_type": "full",
                     *       "is_prefix_scoped": false,
                     *       "scope": "team",
                     *       "bucket_permissions": [
                     *         {
                     *           "bucket_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "bucket_name": "photos",
                     *           "level": "read",
                     *           "prefix": "daily/"
                     *         }
                     *       ],
                     *       "expires_at": "2026-01-15T09:30:00.000Z",
                     *       "last_used_at": "2026-01-15T09:30:00.000Z",
                     *       "revoked_at": "2026-01-15T09:30:00.000Z",
                     *       "is_expired": false,
                     *       "created_at": "2026-01-15T09:30:00.000Z",
                     *       "updated_at": "2026-01-15T09:30:00.000Z",
                     *       "team_id": 1,
                     *       "user_id": 1,
                     *       "secret_access_key": "kT3vB8nQ2mXw7RzY5cJd9HfL4sPaGe6UiN1oKtEx",
                     *       "endpoint": "https://203.0.113.7:9000",
                     *       "region": "fsn1",
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ],
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["AccessKeyCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getAccessKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the access key.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                accessKey: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_key": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "backups",
                     *         "access_key_id": "DANUBE4XK2P7Q9RS3TVW",
                     *         "access_key_id_masked": "DANU************3TVW",
                     *         "status": "active",
                     *         "status_label": "Active",
                     *         "access_type": "full",
                     *         "is_prefix_scoped": false,
                     *         "scope": "team",
                     *         "bucket_permissions": [
                     *           {
                     *             "bucket_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *             "bucket_name": "photos",
                     *             "level": "read",
                     *             "prefix": "daily/"
                     *           }
                     *         ],
                     *         "expires_at": "2026-01-15T09:30:00.000Z",
                     *         "last_used_at": "2026-01-15T09:30:00.000Z",
                     *         "revoked_at": "2026-01-15T09:30:00.000Z",
                     *         "is_expired": false,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "user_id": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AccessKeyResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeAccessKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the access key.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                accessKey: string;
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
                     *       "message": "The access key is being revoked.",
                     *       "status": "revoking",
                     *       "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b"
                     *     }
                     */
                    "application/json": components["schemas"]["AccessKeyRevoked"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCertificateAuthority: {
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
                     *       "certificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
                     *       "fingerprint_sha256": "3F:2A:…",
                     *       "not_after": "2026-01-15T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CertificateAuthority"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listOperations: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only operations with this status.
                 * @example failed
                 */
                status?: "queued" | "running" | "succeeded" | "failed";
                /**
                 * @description Only operations of resources of this type.
                 * @example vps
                 */
                resource_type?: string;
                /**
                 * @description Only operations of this resource.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                resource_id?: string;
                /**
                 * @description Only operations with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at";
            };
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
                     *       "data": [
                     *         {
                     *           "operation_id": "0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19",
                     *           "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "resource_type": "vps",
                     *           "kind": "create",
                     *           "state": "queued",
                     *           "terminal": false,
                     *           "poll_after_ms": 1000,
                     *           "percent": 0,
                     *           "step": "Starting the instance",
                     *           "revision": "v1",
                     *           "knative_revision": "v1",
                     *           "image": "debian-12",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "started_at": "2026-01-15T09:30:00.000Z",
                     *           "finished_at": "2026-01-15T09:30:00.000Z",
                     *           "error": {
                     *             "code": "image_unavailable",
                     *             "message": "The image cannot be fetched at the moment.",
                     *             "retryable": true
                     *           }
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["OperationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOperation: {
        parameters: {
            query?: {
                /**
                 * @description Seconds to wait for the operation to end. The answer may come earlier, so look at `terminal`. Of one team, 20 requests wait at once; further ones are answered at once.
                 * @example 30
                 */
                wait?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
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
                    ETag: components["headers"]["ETag"];
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
                    "application/json": components["schemas"]["OperationResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /**
                 * @description The `next_after` of an answer: what came after it. Without it, or with 0, from the oldest event on that is kept; with `latest`, only what comes from now on.
                 * @example 1842
                 */
                after?: string;
                /**
                 * @description Only events of this type.
                 * @example vps.created
                 */
                type?: string;
                /**
                 * @description Only events about resources of this type.
                 * @example vps
                 */
                resource_type?: string;
                /**
                 * @description Only events about this resource.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                resource_id?: string;
                /**
                 * @description Most events of one answer.
                 * @example 100
                 */
                limit?: number;
            };
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
                     *       "data": [
                     *         {
                     *           "id": 1842,
                     *           "type": "vps.created",
                     *           "severity": "Normal",
                     *           "reason": "Created",
                     *           "message": "The server was created and accepts SSH.",
                     *           "resource_type": "vps",
                     *           "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "operation_id": "0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b",
                     *           "payload": {},
                     *           "created_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "next_after": 1842,
                     *       "has_more": false
                     *     }
                     */
                    "application/json": components["schemas"]["EventLog"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /**
                 * @description Begin with what came after this event. Without it, or with `latest`, with what comes from now on.
                 * @example 1842
                 */
                after?: string;
                /**
                 * @description Only events of this type.
                 * @example vps.created
                 */
                type?: string;
                /**
                 * @description Only events about resources of this type.
                 * @example vps
                 */
                resource_type?: string;
                /**
                 * @description Only events about this resource.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                resource_id?: string;
            };
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
                    /** @example id: 1842 */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookConfig: {
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
                     *       "webhook_url": "https://hooks.example.org/danube",
                     *       "webhook_enabled": true,
                     *       "has_secret": true
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookConfig"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateWebhookConfig: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "webhook_url": "https://hooks.example.org/danube",
                 *       "webhook_enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["UpdateWebhookConfig"];
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
                     *       "message": "Webhook saved.",
                     *       "webhook_url": "https://hooks.example.org/danube",
                     *       "webhook_enabled": true,
                     *       "webhook_secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U="
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookConfigUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    regenerateWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The secret was replaced. Messages are signed with the previous one as well for 24 hours.",
                     *       "webhook_secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U="
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookSecretRegenerated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhookEndpoints: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only endpoints with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only endpoints with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "deploy bot",
                     *           "url": "https://hooks.example.org/danube",
                     *           "event_types": [
                     *             "vps.*"
                     *           ],
                     *           "enabled": true,
                     *           "is_default": false,
                     *           "disabled_reason": "gone",
                     *           "failing_since": "2026-01-15T09:30:00.000Z",
                     *           "previous_secret_until": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookEndpointList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "deploy bot",
                 *       "url": "https://hooks.example.org/danube",
                 *       "event_types": [
                 *         "vps.*"
                 *       ],
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["CreateWebhookEndpoint"];
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
                     *       "message": "Endpoint created.",
                     *       "endpoint": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "deploy bot",
                     *         "url": "https://hooks.example.org/danube",
                     *         "event_types": [
                     *           "vps.*"
                     *         ],
                     *         "enabled": true,
                     *         "is_default": false,
                     *         "disabled_reason": "gone",
                     *         "failing_since": "2026-01-15T09:30:00.000Z",
                     *         "previous_secret_until": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U=",
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookEndpointCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                webhookEndpoint: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "endpoint": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "deploy bot",
                     *         "url": "https://hooks.example.org/danube",
                     *         "event_types": [
                     *           "vps.*"
                     *         ],
                     *         "enabled": true,
                     *         "is_default": false,
                     *         "disabled_reason": "gone",
                     *         "failing_since": "2026-01-15T09:30:00.000Z",
                     *         "previous_secret_until": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookEndpointResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                webhookEndpoint: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "deploy bot",
                 *       "url": "https://hooks.example.org/danube",
                 *       "event_types": [
                 *         "vps.*"
                 *       ],
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["UpdateWebhookEndpoint"];
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
                     *       "message": "Endpoint saved.",
                     *       "endpoint": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "deploy bot",
                     *         "url": "https://hooks.example.org/danube",
                     *         "event_types": [
                     *           "vps.*"
                     *         ],
                     *         "enabled": true,
                     *         "is_default": false,
                     *         "disabled_reason": "gone",
                     *         "failing_since": "2026-01-15T09:30:00.000Z",
                     *         "previous_secret_until": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       },
                     *       "warnings": [
                     *         "Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e."
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookEndpointUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                webhookEndpoint: string;
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
                     *       "message": "Endpoint deleted."
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookEndpointDeleted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    regenerateWebhookEndpointSecret: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                webhookEndpoint: string;
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
                     *       "message": "The secret was replaced. Messages are signed with the previous one as well for 24 hours.",
                     *       "webhook_secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U="
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookSecretRegenerated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    testWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                webhookEndpoint: string;
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
                     *       "message": "It is sent now.",
                     *       "delivery": {
                     *         "id": 4711,
                     *         "team_id": 1,
                     *         "endpoint_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "message_id": "evt_1842",
                     *         "event": "vps.created",
                     *         "url": "https://hooks.example.org/danube",
                     *         "payload": {
                     *           "type": "vps.created",
                     *           "timestamp": "2026-01-15T09:30:00.000Z",
                     *           "data": {}
                     *         },
                     *         "state": "queued",
                     *         "signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                     *         "response_status": 200,
                     *         "response_body": "ok",
                     *         "attempts": 1,
                     *         "next_attempt_at": "2026-01-15T09:30:00.000Z",
                     *         "delivered_at": "2026-01-15T09:30:00.000Z",
                     *         "failed_at": "2026-01-15T09:30:00.000Z",
                     *         "error_message": "The connection was refused.",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDeliveryStarted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    redeliverFailedWebhooks: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                webhookEndpoint: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "since": "2026-01-15T09:30:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["RedeliverFailed"];
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
                     *       "message": "3 deliveries are sent again.",
                     *       "count": 3
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookRedeliveryStarted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.12
                 */
                after?: string;
                /**
                 * @description Only deliveries with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only deliveries with this status.
                 * @example failed
                 */
                status?: "queued" | "pending" | "delivered" | "failed";
                /**
                 * @description Only deliveries to this endpoint.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                endpoint_id?: string;
                /**
                 * @description Only deliveries with these ids, separated by commas. Unknown ones are left out.
                 * @example 12
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": 4711,
                     *           "team_id": 1,
                     *           "endpoint_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "message_id": "evt_1842",
                     *           "event": "vps.created",
                     *           "url": "https://hooks.example.org/danube",
                     *           "payload": {
                     *             "type": "vps.created",
                     *             "timestamp": "2026-01-15T09:30:00.000Z",
                     *             "data": {}
                     *           },
                     *           "state": "queued",
                     *           "signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                     *           "response_status": 200,
                     *           "response_body": "ok",
                     *           "attempts": 1,
                     *           "next_attempt_at": "2026-01-15T09:30:00.000Z",
                     *           "delivered_at": "2026-01-15T09:30:00.000Z",
                     *           "failed_at": "2026-01-15T09:30:00.000Z",
                     *           "error_message": "The connection was refused.",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDeliveryList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookDelivery: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the delivery.
                 * @example 12
                 */
                webhookDelivery: number;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "delivery": {
                     *         "id": 4711,
                     *         "team_id": 1,
                     *         "endpoint_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "message_id": "evt_1842",
                     *         "event": "vps.created",
                     *         "url": "https://hooks.example.org/danube",
                     *         "payload": {
                     *           "type": "vps.created",
                     *           "timestamp": "2026-01-15T09:30:00.000Z",
                     *           "data": {}
                     *         },
                     *         "state": "queued",
                     *         "signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                     *         "response_status": 200,
                     *         "response_body": "ok",
                     *         "attempts": 1,
                     *         "next_attempt_at": "2026-01-15T09:30:00.000Z",
                     *         "delivered_at": "2026-01-15T09:30:00.000Z",
                     *         "failed_at": "2026-01-15T09:30:00.000Z",
                     *         "error_message": "The connection was refused.",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDeliveryResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    redeliverWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the delivery.
                 * @example 12
                 */
                webhookDelivery: number;
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
                     *       "message": "It is sent now.",
                     *       "delivery": {
                     *         "id": 4711,
                     *         "team_id": 1,
                     *         "endpoint_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "message_id": "evt_1842",
                     *         "event": "vps.created",
                     *         "url": "https://hooks.example.org/danube",
                     *         "payload": {
                     *           "type": "vps.created",
                     *           "timestamp": "2026-01-15T09:30:00.000Z",
                     *           "data": {}
                     *         },
                     *         "state": "queued",
                     *         "signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                     *         "response_status": 200,
                     *         "response_body": "ok",
                     *         "attempts": 1,
                     *         "next_attempt_at": "2026-01-15T09:30:00.000Z",
                     *         "delivered_at": "2026-01-15T09:30:00.000Z",
                     *         "failed_at": "2026-01-15T09:30:00.000Z",
                     *         "error_message": "The connection was refused.",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDeliveryStarted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMetricAlerts: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description `pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next `page`, it skips and repeats nothing while items are created and deleted.
                 * @example -created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                after?: string;
                /**
                 * @description Only alerts with exactly this name.
                 * @example web-1
                 */
                name?: string;
                /**
                 * @description Only alerts with this status.
                 * @example disabled
                 */
                status?: "active" | "triggered" | "resolved" | "disabled";
                /**
                 * @description Only alerts on such instances.
                 * @example vps
                 */
                resource_type?: string;
                /**
                 * @description Only alerts on this instance.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                resource_id?: string;
                /**
                 * @description Only alerts with these ids, separated by commas. Unknown ones are left out.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                ids?: string;
                /**
                 * @description The order; `-` is descending. Newest first by default.
                 * @example -created_at
                 */
                sort?: "-created_at" | "created_at" | "-name" | "name";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "Busy",
                     *           "description": "Ask Ada what to do.",
                     *           "status": "active",
                     *           "status_details": {
                     *             "summary": "The server is running.",
                     *             "health": "healthy",
                     *             "observed_at": "2026-01-15T09:30:00.000Z",
                     *             "stale": false,
                     *             "operation": {
                     *               "state": "succeeded",
                     *               "terminal": true
                     *             },
                     *             "error": null
                     *           },
                     *           "capabilities": {
                     *             "logs": true,
                     *             "events": true,
                     *             "diagnose": true,
                     *             "build_logs": false
                     *           },
                     *           "enabled": true,
                     *           "resource_type": "vps",
                     *           "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "resource_name": "web-1",
                     *           "metric_type": "cpu_usage",
                     *           "metric_label": "CPU usage",
                     *           "metric_unit": "%",
                     *           "comparison_operator": "gt",
                     *           "comparison_symbol": ">",
                     *           "threshold_value": 90,
                     *           "last_metric_value": 42.5,
                     *           "duration_minutes": 5,
                     *           "consecutive_breaches": 0,
                     *           "trigger_count": 0,
                     *           "notification_channels": [
                     *             "database"
                     *           ],
                     *           "no_data_since": "2026-01-15T09:30:00.000Z",
                     *           "is_default": false,
                     *           "last_evaluated_at": "2026-01-15T09:30:00.000Z",
                     *           "triggered_at": "2026-01-15T09:30:00.000Z",
                     *           "resolved_at": "2026-01-15T09:30:00.000Z",
                     *           "team_id": 1,
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "pagination": {
                     *         "current_page": 1,
                     *         "last_page": 1,
                     *         "per_page": 15,
                     *         "total": 1,
                     *         "next_cursor": "-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createMetricAlert: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description In the example, replace what is in `resource_id` by ids of yours. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "resource_type": "vps",
                 *       "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                 *       "metric_type": "cpu_usage",
                 *       "comparison_operator": "gt",
                 *       "threshold_value": 90,
                 *       "duration_minutes": 5,
                 *       "name": "Busy",
                 *       "description": "Ask Ada what to do.",
                 *       "notification_channels": [
                 *         "database"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CreateMetricAlert"];
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
                     *       "message": "Alert created.",
                     *       "alert": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "Busy",
                     *         "description": "Ask Ada what to do.",
                     *         "status": "active",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "enabled": true,
                     *         "resource_type": "vps",
                     *         "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "resource_name": "web-1",
                     *         "metric_type": "cpu_usage",
                     *         "metric_label": "CPU usage",
                     *         "metric_unit": "%",
                     *         "comparison_operator": "gt",
                     *         "comparison_symbol": ">",
                     *         "threshold_value": 90,
                     *         "last_metric_value": 42.5,
                     *         "duration_minutes": 5,
                     *         "consecutive_breaches": 0,
                     *         "trigger_count": 0,
                     *         "notification_channels": [
                     *           "database"
                     *         ],
                     *         "no_data_since": "2026-01-15T09:30:00.000Z",
                     *         "is_default": false,
                     *         "last_evaluated_at": "2026-01-15T09:30:00.000Z",
                     *         "triggered_at": "2026-01-15T09:30:00.000Z",
                     *         "resolved_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertCreated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAlertMetrics: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description A kind of instance.
                 * @example vps
                 */
                resourceType: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "value": "cpu_usage",
                     *           "label": "CPU usage",
                     *           "unit": "%",
                     *           "description": "Processor time in use, of what its plan has."
                     *         }
                     *       ],
                     *       "meta": {
                     *         "resource_type": "vps",
                     *         "alertable": true,
                     *         "alertable_resource_types": [
                     *           "vps"
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AvailableMetrics"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMetricAlert: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. If it is still right, this answer is 304 and empty. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Id of the alert.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                metricAlert: string;
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
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alert": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "Busy",
                     *         "description": "Ask Ada what to do.",
                     *         "status": "active",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "enabled": true,
                     *         "resource_type": "vps",
                     *         "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "resource_name": "web-1",
                     *         "metric_type": "cpu_usage",
                     *         "metric_label": "CPU usage",
                     *         "metric_unit": "%",
                     *         "comparison_operator": "gt",
                     *         "comparison_symbol": ">",
                     *         "threshold_value": 90,
                     *         "last_metric_value": 42.5,
                     *         "duration_minutes": 5,
                     *         "consecutive_breaches": 0,
                     *         "trigger_count": 0,
                     *         "notification_channels": [
                     *           "database"
                     *         ],
                     *         "no_data_since": "2026-01-15T09:30:00.000Z",
                     *         "is_default": false,
                     *         "last_evaluated_at": "2026-01-15T09:30:00.000Z",
                     *         "triggered_at": "2026-01-15T09:30:00.000Z",
                     *         "resolved_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertResponse"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateMetricAlert: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the alert.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                metricAlert: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "comparison_operator": "gt",
                 *       "threshold_value": 90,
                 *       "duration_minutes": 5,
                 *       "name": "Busy",
                 *       "description": "Ask Ada what to do.",
                 *       "notification_channels": [
                 *         "database"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["UpdateMetricAlert"];
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
                     *       "message": "Alert saved.",
                     *       "alert": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "Busy",
                     *         "description": "Ask Ada what to do.",
                     *         "status": "active",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "enabled": true,
                     *         "resource_type": "vps",
                     *         "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "resource_name": "web-1",
                     *         "metric_type": "cpu_usage",
                     *         "metric_label": "CPU usage",
                     *         "metric_unit": "%",
                     *         "comparison_operator": "gt",
                     *         "comparison_symbol": ">",
                     *         "threshold_value": 90,
                     *         "last_metric_value": 42.5,
                     *         "duration_minutes": 5,
                     *         "consecutive_breaches": 0,
                     *         "trigger_count": 0,
                     *         "notification_channels": [
                     *           "database"
                     *         ],
                     *         "no_data_since": "2026-01-15T09:30:00.000Z",
                     *         "is_default": false,
                     *         "last_evaluated_at": "2026-01-15T09:30:00.000Z",
                     *         "triggered_at": "2026-01-15T09:30:00.000Z",
                     *         "resolved_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteMetricAlert: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the alert.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                metricAlert: string;
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
                     *       "message": "Alert deleted."
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertDeleted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMetricAlertHistory: {
        parameters: {
            query?: {
                /**
                 * @description Most entries of the answer.
                 * @example 50
                 */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the alert.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                metricAlert: string;
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
                     *       "data": [
                     *         {
                     *           "event_type": "triggered",
                     *           "metric_value": 93.1,
                     *           "threshold_value": 90,
                     *           "prometheus_query": "cpu_usage",
                     *           "occurred_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "meta": {
                     *         "limit": 50
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertHistory"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    toggleMetricAlert: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the alert.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                metricAlert: string;
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
                     *       "message": "Alert saved.",
                     *       "alert": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "name": "Busy",
                     *         "description": "Ask Ada what to do.",
                     *         "status": "active",
                     *         "status_details": {
                     *           "summary": "The server is running.",
                     *           "health": "healthy",
                     *           "observed_at": "2026-01-15T09:30:00.000Z",
                     *           "stale": false,
                     *           "operation": {
                     *             "state": "succeeded",
                     *             "terminal": true
                     *           },
                     *           "error": null
                     *         },
                     *         "capabilities": {
                     *           "logs": true,
                     *           "events": true,
                     *           "diagnose": true,
                     *           "build_logs": false
                     *         },
                     *         "enabled": true,
                     *         "resource_type": "vps",
                     *         "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "resource_name": "web-1",
                     *         "metric_type": "cpu_usage",
                     *         "metric_label": "CPU usage",
                     *         "metric_unit": "%",
                     *         "comparison_operator": "gt",
                     *         "comparison_symbol": ">",
                     *         "threshold_value": 90,
                     *         "last_metric_value": 42.5,
                     *         "duration_minutes": 5,
                     *         "consecutive_breaches": 0,
                     *         "trigger_count": 0,
                     *         "notification_channels": [
                     *           "database"
                     *         ],
                     *         "no_data_since": "2026-01-15T09:30:00.000Z",
                     *         "is_default": false,
                     *         "last_evaluated_at": "2026-01-15T09:30:00.000Z",
                     *         "triggered_at": "2026-01-15T09:30:00.000Z",
                     *         "resolved_at": "2026-01-15T09:30:00.000Z",
                     *         "team_id": 1,
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricAlertUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /**
                 * @description Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.
                 * @example 1
                 */
                page?: number;
                /**
                 * @description Items on a page.
                 * @example 15
                 */
                per_page?: number;
                /**
                 * @description Only notifications of this category.
                 * @example resource_failed
                 */
                category?: string;
                /**
                 * @description `1` or `true`: only those that are unread.
                 * @example 1
                 */
                unread?: "1" | "0" | "true" | "false";
            };
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
                     *       "data": [
                     *         {
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "type": "vps.created",
                     *           "notifiable_type": "user",
                     *           "notifiable_id": 1,
                     *           "data": {
                     *             "title": "server web-1",
                     *             "message": "The server was created and accepts SSH.",
                     *             "event_id": 1842,
                     *             "event_type": "vps.created",
                     *             "resource_name": "web-1",
                     *             "payload": {}
                     *           },
                     *           "category": "resource_provisioned",
                     *           "severity": "info",
                     *           "team_id": 1,
                     *           "resource_type": "vps",
                     *           "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "read_at": "2026-01-15T09:30:00.000Z",
                     *           "created_at": "2026-01-15T09:30:00.000Z",
                     *           "updated_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ],
                     *       "current_page": 1,
                     *       "last_page": 1,
                     *       "per_page": 15,
                     *       "total": 1,
                     *       "next_page_url": "http://127.0.0.1:8080/api/v1/notifications?page=2&per_page=15",
                     *       "unread_count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    countUnreadNotifications: {
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
                     *       "count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["UnreadCount"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    markNotificationRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the notification.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                id: string;
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
                     *       "message": "Notification marked as read.",
                     *       "notification": {
                     *         "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "type": "vps.created",
                     *         "notifiable_type": "user",
                     *         "notifiable_id": 1,
                     *         "data": {
                     *           "title": "server web-1",
                     *           "message": "The server was created and accepts SSH.",
                     *           "event_id": 1842,
                     *           "event_type": "vps.created",
                     *           "resource_name": "web-1",
                     *           "payload": {}
                     *         },
                     *         "category": "resource_provisioned",
                     *         "severity": "info",
                     *         "team_id": 1,
                     *         "resource_type": "vps",
                     *         "resource_id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *         "read_at": "2026-01-15T09:30:00.000Z",
                     *         "created_at": "2026-01-15T09:30:00.000Z",
                     *         "updated_at": "2026-01-15T09:30:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationRead"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    markAllNotificationsRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "3 notifications marked as read.",
                     *       "count": 3
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationsRead"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the notification.
                 * @example 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e
                 */
                id: string;
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
                     *       "message": "Notification deleted."
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationDeleted"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getNotificationPreferences: {
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
                     *       "preferences": [
                     *         {
                     *           "category": "resource_failed",
                     *           "channel": "mail",
                     *           "enabled": true,
                     *           "digest_frequency": "instant"
                     *         }
                     *       ],
                     *       "available_categories": [
                     *         {
                     *           "value": "resource_failed",
                     *           "label": "Resource failed",
                     *           "group": "resource",
                     *           "severity": "critical"
                     *         }
                     *       ],
                     *       "groups": [
                     *         {
                     *           "value": "resource",
                     *           "label": "Resources"
                     *         }
                     *       ],
                     *       "available_channels": [
                     *         {
                     *           "value": "mail",
                     *           "label": "E-mail",
                     *           "description": "An e-mail to the address of the account.",
                     *           "icon": "mail"
                     *         }
                     *       ],
                     *       "digest_options": [
                     *         {
                     *           "value": "mail",
                     *           "label": "E-mail",
                     *           "description": "An e-mail to the address of the account."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationPreferences"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateNotificationPreferences: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "preferences": [
                 *         {
                 *           "category": "resource_failed",
                 *           "channel": "mail",
                 *           "enabled": true,
                 *           "digest_frequency": "instant"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["UpdateNotificationPreferences"];
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
                     *       "message": "Preferences saved.",
                     *       "preferences": [
                     *         {
                     *           "category": "resource_failed",
                     *           "channel": "mail",
                     *           "enabled": true,
                     *           "digest_frequency": "instant"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationPreferencesUpdated"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    resetNotificationPreferences: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of your choice. For 24 hours, requests with the same key are carried out only once. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
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
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "message": "The preferences are those of the beginning again."
                     *     }
                     */
                    "application/json": components["schemas"]["NotificationPreferencesReset"];
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
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    searchResources: {
        parameters: {
            query: {
                /**
                 * @description A name or a part of it, an id or its first 8 digits, an address such as 10.64.0.10 or the beginning 10.64.0., or a tag.
                 * @example web
                 */
                q: string;
            };
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
                     *       "results": [
                     *         {
                     *           "type": "vps",
                     *           "id": "0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e",
                     *           "name": "web-1",
                     *           "status": "running",
                     *           "match": "name",
                     *           "created_at": "2026-01-15T09:30:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["SearchResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["RateLimited"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
}
