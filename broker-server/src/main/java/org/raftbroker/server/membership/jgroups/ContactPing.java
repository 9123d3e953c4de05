package org.raftbroker.server.membership.jgroups;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jgroups.Address;
import org.jgroups.PhysicalAddress;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.protocols.TCPPING;
import org.jgroups.stack.IpAddress;
import org.jgroups.util.Responses;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for members at the contacts, whose names are looked up each time: in a container network a
 * name is there once its node is, and moves with it. Others may know of more contacts, and are
 * asked each time as well.
 */
final class ContactPing extends TCPPING {
  private static final Logger logger = LoggerFactory.getLogger(ContactPing.class);

  private final List<org.raftbroker.server.membership.Address> contacts;
  private final Supplier<List<org.raftbroker.server.membership.Address>> moreContacts;

  ContactPing(
      List<org.raftbroker.server.membership.Address> contacts,
      org.raftbroker.server.membership.@Nullable Address dns,
      Supplier<List<org.raftbroker.server.membership.Address>> moreContacts) {
    // A protocol is known by the number of its class, which this one has no other of.
    setId(ClassConfigurator.getProtocolId(TCPPING.class));
    Set<org.raftbroker.server.membership.Address> all = new LinkedHashSet<>(contacts);
    if (dns != null) {
      all.add(dns);
    }
    this.contacts = List.copyOf(all);
    this.moreContacts = moreContacts;
    initial_hosts_set_programmatically = true;
    // A name server or a contact that does not answer must hold up neither the others nor a timer.
    async_discovery = true;
    async_discovery_use_separate_thread_per_request = true;
  }

  @Override
  public void findMembers(
      @Nullable List<Address> members, boolean initialDiscovery, Responses responses) {
    initial_hosts = lookUp();
    super.findMembers(members, initialDiscovery, responses);
  }

  private Set<PhysicalAddress> lookUp() {
    Set<org.raftbroker.server.membership.Address> all = new LinkedHashSet<>(contacts);
    all.addAll(moreContacts.get());
    Set<PhysicalAddress> found = new LinkedHashSet<>();
    for (org.raftbroker.server.membership.Address contact : all) {
      try {
        for (InetAddress address : InetAddress.getAllByName(contact.host())) {
          found.add(new IpAddress(address, contact.port()));
        }
      } catch (UnknownHostException e) {
        // Not there yet, or not any more; one contact that is found is enough.
        logger.atDebug().addKeyValue("contact", contact).log("no address of this name");
      }
    }
    return found;
  }
}
