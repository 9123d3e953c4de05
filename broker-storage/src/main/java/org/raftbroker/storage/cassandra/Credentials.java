package org.raftbroker.storage.cassandra;

/** Who the broker is to Cassandra. Printable: the password is not shown. */
public final class Credentials {
  /** For a Cassandra that asks nobody. */
  public static final Credentials NONE = new Credentials("", "");

  private final String username;
  private final String password;

  public Credentials(String username, String password) {
    this.username = username;
    this.password = password;
  }

  /** Empty: none. */
  String username() {
    return username;
  }

  String password() {
    return password;
  }

  boolean isNone() {
    return username.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Credentials that
        && username.equals(that.username)
        && password.equals(that.password);
  }

  @Override
  public int hashCode() {
    return username.hashCode();
  }

  @Override
  public String toString() {
    return isNone() ? "(none)" : username + " (password not shown)";
  }
}
