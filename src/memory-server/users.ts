/** Someone who may log in, with SASL PLAIN or with ASCII authentication. */
export interface User {
  username: string;
  password: string;
}

/** Users as an option has them: a list, or an object of passwords by user name. */
export type Users = readonly User[] | Readonly<Record<string, string>>;

/** Passwords by user name; none where nobody has to log in. */
export function usersOf(users: Users | undefined): ReadonlyMap<string, string> | undefined {
  if (users === undefined) return undefined;
  if (isList(users)) return new Map(users.map(({ username, password }) => [username, password]));
  return new Map(Object.entries(users));
}

function isList(users: Users): users is readonly User[] {
  return Array.isArray(users);
}
