/** A problem that only the operator can solve: what is wrong, and the remedy. Printed without a stack. */
export class OperatorError extends Error {
  readonly remedy: string;
  constructor(problem: string, remedy: string, options: { cause?: unknown } = {}) {
    super(problem, options);
    this.name = 'OperatorError';
    this.remedy = remedy;
  }
}
