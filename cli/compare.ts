export async function run(_: object): Promise<undefined> {}
