# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests of FTP and TFTP: servers in namespace s, a gateway r
# whose policy is "drop NEW, accept RELATED".
#
#   helper_rules ACTION NAME PROTO PORT  r gives the helper NAME to packets of a port
#                          (-A) or no longer (-D), IPv4 and IPv6
#   policy PROTO PORT      r drops what is new, but for that port
#   masquerade ACTION      r hides the client (-A) or no longer (-D), IPv4 and IPv6
#   ftp_files              a file of 200,000 bytes in /srv/ftp
#   vsftpd_start, pureftpd_start   a server on port 21 of s, IPv4 and IPv6;
#                          its pid is in SERVER
#   ftp_stop               ends it

SERVER=''

both_families()
{
	iptables "$@" && ip6tables "$@"
}

helper_rules()
{
	ns r bash -c "$(declare -f both_families); both_families -t raw $1 PREROUTING -p $3 --dport $4 -j CT --helper $2"
}

policy()
{
	ns r bash -c "$(declare -f both_families)
		both_families -P FORWARD DROP &&
		both_families -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT &&
		both_families -A FORWARD -p $1 --dport $2 -j ACCEPT &&
		ip6tables -A FORWARD -p icmpv6 -j ACCEPT"
}

masquerade()
{
	ns r bash -c "$(declare -f both_families); both_families -t nat $1 POSTROUTING -o eth2 -j MASQUERADE"
}

ftp_files()
{
	mkdir -p /srv/ftp && head -c 200000 /dev/urandom >/srv/ftp/file && chmod -R a+rX /srv/ftp
}

ftp_listens()
{
	wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
}

vsftpd_start()
{
	mkdir -p /run/vsftpd/empty
	cat >/tmp/vsftpd.conf <<-'EOT'
		listen_ipv6=YES
		anonymous_enable=YES
		anon_root=/srv/ftp
		no_anon_password=YES
		secure_chroot_dir=/run/vsftpd/empty
		seccomp_sandbox=NO
		pasv_promiscuous=NO
	EOT
	chmod 755 /srv/ftp
	nsenter --net=/run/netns/s vsftpd /tmp/vsftpd.conf >/tmp/vsftpd.log 2>&1 &
	SERVER=$!
	ftp_listens
}

pureftpd_start()
{
	nsenter --net=/run/netns/s pure-ftpd -e -S 21 >/tmp/pureftpd.log 2>&1 &
	SERVER=$!
	ftp_listens
}

ftp_stop()
{
	stop "$SERVER"
	wait_for '! ns s ss -Hltn sport = :21 | grep -q .' 10
}
