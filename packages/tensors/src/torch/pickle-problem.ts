/** Why a pickle was refused. The caller adds the file. */
export class PickleProblem extends Error {}
