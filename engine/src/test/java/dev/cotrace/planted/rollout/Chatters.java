package dev.cotrace.planted.rollout;

/** Prints, throws a dice and gives up without saying why. */
public final class Chatters {
  /** Breaks three rules. */
  @SuppressWarnings("SystemOut")
  public void chatter() {
    System.out.println(Math.random());
    throw new RuntimeException("something went wrong");
  }
}
