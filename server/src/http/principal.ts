/** Who makes a request: what authentication found out, and all that the services need to know about it. */
export interface Principal {
  userId: number;
  /** The team that the request acts on: the token's, or the one that `X-Team-Id` names. */
  teamId: number;
  tokenId: number;
  /** What the token may do. */
  scopes: ReadonlySet<string>;
  requestId: string;
}
