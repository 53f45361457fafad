/** What a script can tell from the exit of a command. */
export const EXIT = {
  fine: 0,
  /** The job did not succeed, or the broker refused the request. */
  refused: 1,
  usage: 2,
  /** No HTTP answer of a broker: refused connection, unknown host, something else on the port. */
  unreachable: 3,
  /** `--wait N` ran out; the job goes on. */
  timed_out: 4,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
