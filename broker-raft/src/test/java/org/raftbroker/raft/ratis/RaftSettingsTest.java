package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Map.Entry;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.junit.jupiter.api.Test;

class RaftSettingsTest {
  /** Each alone would let the broker lose or misread what it acknowledged. */
  private static final Map<String, String> UNSAFE =
      Map.of(
          RaftServerConfigKeys.Log.USE_MEMORY_KEY, "true",
          RaftServerConfigKeys.Log.UNSAFE_FLUSH_ENABLED_KEY, "true",
          RaftServerConfigKeys.Log.ASYNC_FLUSH_ENABLED_KEY, "true",
          RaftServerConfigKeys.Log.CORRUPTION_POLICY_KEY, "WARN_AND_RETURN",
          RaftServerConfigKeys.Log.PURGE_UPTO_SNAPSHOT_INDEX_KEY, "false",
          RaftServerConfigKeys.Read.OPTION_KEY, "DEFAULT",
          RaftServerConfigKeys.LeaderElection.PRE_VOTE_KEY, "false");

  @Test
  void ourOwnSettingsAreSafe() {
    assertThatCode(() -> RaftSettings.assertSafe(settings())).doesNotThrowAnyException();
  }

  @Test
  void anySettingThatWeakensThePromiseIsRefusedByName() {
    for (Entry<String, String> unsafe : UNSAFE.entrySet()) {
      RaftProperties properties = settings();
      properties.set(unsafe.getKey(), unsafe.getValue());

      assertThatThrownBy(() -> RaftSettings.assertSafe(properties))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(unsafe.getKey());
    }
  }

  @Test
  void aTemporaryDirectoryIsRefused() {
    RaftProperties properties = settings();
    RaftServerConfigKeys.setStorageDir(properties, RaftServerConfigKeys.STORAGE_DIR_DEFAULT);

    assertThatThrownBy(() -> RaftSettings.assertSafe(properties))
        .hasMessageContaining(RaftServerConfigKeys.STORAGE_DIR_KEY);
  }

  @Test
  void logsOfManyShardsHaveSmallerFilesAndNoMoreMemory() {
    assertThat(segmentBytes(3)).isEqualTo(8 << 20);
    assertThat(segmentBytes(64)).isEqualTo(512 << 10);
    // The open file and two closed ones of each.
    assertThat(64L * 3 * segmentBytes(64)).isLessThanOrEqualTo(RaftConfig.DEFAULT.logMemoryBytes());
  }

  private static int segmentBytes(int shards) {
    return RaftServerConfigKeys.Log.segmentSizeMax(settings(shards)).getSizeInt();
  }

  private static RaftProperties settings() {
    return settings(3);
  }

  private static RaftProperties settings(int shards) {
    return RaftSettings.of(
        RaftConfig.DEFAULT, shards, Path.of("somewhere"), "127.0.0.1", 9191, 5 << 20);
  }
}
