package org.raftbroker.server.membership.jgroups;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.jgroups.BytesMessage;
import org.jgroups.Message;
import org.jgroups.stack.Protocol;
import org.jgroups.util.ByteArray;
import org.jgroups.util.MessageBatch;
import org.jgroups.util.Util;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encrypts and authenticates gossip with a key made from the cluster's secret. Right above the
 * transport, so that a node with another secret does not get as far as being discovered.
 *
 * <p>JGroups' own {@code SYM_ENCRYPT} encrypts bodies and leaves headers as they are; but to ask to
 * join, or to call a member dead, is a header without a body. Here the whole message, with its
 * headers and its sender, is sealed, which also makes {@code AUTH} superfluous: what it would check
 * is proved already. Any thread of JGroups.
 */
final class Seal extends Protocol {
  private static final Logger logger = LoggerFactory.getLogger(Seal.class);

  private static final String CIPHER = "ChaCha20-Poly1305";
  private static final int KEY_BITS = 256;

  /** Random ones of this size do not meet in the billions of messages that a cluster may gossip. */
  private static final int NONCE_BYTES = 12;

  /** Makes guessing a weak secret from what was overheard slow; costs a node 0.1 s at its start. */
  private static final int ITERATIONS = 200_000;

  private static final long WARN_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final SecretKeySpec key;
  private final SecureRandom random = new SecureRandom();
  private final AtomicLong nextWarningNanos = new AtomicLong(System.nanoTime());

  Seal(String cluster, String secret) {
    key = key(cluster, secret);
  }

  private static SecretKeySpec key(String cluster, String secret) {
    byte[] salt = ("raftbroker gossip " + cluster).getBytes(StandardCharsets.UTF_8);
    PBEKeySpec spec = new PBEKeySpec(secret.toCharArray(), salt, ITERATIONS, KEY_BITS);
    try {
      byte[] bytes =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
      return new SecretKeySpec(bytes, CIPHER);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has PBKDF2WithHmacSHA256", e);
    }
  }

  @Override
  public @Nullable Object down(Message message) {
    return down_prot.down(sealed(message));
  }

  @Override
  public @Nullable Object up(Message message) {
    Message opened = opened(message);
    return opened == null ? null : up_prot.up(opened);
  }

  @Override
  public void up(MessageBatch batch) {
    for (Message message : batch) {
      var unused = up(message);
    }
  }

  private Message sealed(Message message) {
    if (message.getSrc() == null) {
      message.setSrc(local_addr);
    }
    byte[] sealed;
    try {
      ByteArray plain = Util.messageToBuffer(message);
      byte[] nonce = new byte[NONCE_BYTES];
      random.nextBytes(nonce);
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, nonce, 0);
      sealed = new byte[NONCE_BYTES + cipher.getOutputSize(plain.getLength())];
      System.arraycopy(nonce, 0, sealed, 0, NONCE_BYTES);
      int written =
          cipher.doFinal(
              plain.getArray(), plain.getOffset(), plain.getLength(), sealed, NONCE_BYTES);
      if (NONCE_BYTES + written != sealed.length) {
        throw new IllegalStateException("a seal of another length than announced");
      }
    } catch (Exception e) { // as JGroups declares it; nothing of it depends on the outside
      throw new IllegalStateException("a gossip message cannot be sealed", e);
    }
    // The transport goes by the flags of what it sends.
    return new BytesMessage(message.getDest(), sealed)
        .setSrc(message.getSrc())
        .setFlag(message.getFlags(false), false)
        .setFlag(message.getFlags(true), true);
  }

  /** Null if it was not sealed with this key, as it is. */
  private @Nullable Message opened(Message message) {
    if (!(message instanceof BytesMessage) || message.getLength() < NONCE_BYTES) {
      refuse(message);
      return null;
    }
    byte[] bytes = message.getArray();
    int offset = message.getOffset();
    try {
      byte[] plain =
          cipher(Cipher.DECRYPT_MODE, bytes, offset)
              .doFinal(bytes, offset + NONCE_BYTES, message.getLength() - NONCE_BYTES);
      return Util.messageFromBuffer(plain, 0, plain.length);
    } catch (GeneralSecurityException e) {
      refuse(message);
    } catch (Exception e) { // as JGroups declares it
      logger
          .atWarn()
          .setCause(e)
          .addKeyValue("from", message.getSrc())
          .log("gossip cannot be read; does that node have another version?");
    }
    return null;
  }

  private Cipher cipher(int mode, byte[] nonce, int offset) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, key, new IvParameterSpec(nonce, offset, NONCE_BYTES));
    return cipher;
  }

  /** It tries again and again; one line a minute is enough. */
  private void refuse(Message message) {
    long now = System.nanoTime();
    long next = nextWarningNanos.get();
    if (now - next >= 0 && nextWarningNanos.compareAndSet(next, now + WARN_EVERY_NANOS)) {
      logger
          .atWarn()
          .addKeyValue("from", message.getSrc())
          .log("gossip refused: it is not sealed with this cluster's secret (cluster.secret)");
    }
  }
}
